// Linked with all of one layer and what that layer may use: a call upward has no definition here.
int main() { return 0; }
