// ThreadSanitizer knows POSIX threads only; librdkafka starts C11 ones, whose callbacks into our code then
// crash. Linked under ThreadSanitizer only, these definitions come before the C library's and make them POSIX
// ones, locks included, so that what librdkafka hands from thread to thread is seen too.

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t) && sizeof(cnd_t) >= sizeof(pthread_cond_t));

namespace {
pthread_mutex_t* mutex_of(mtx_t* m) { return reinterpret_cast<pthread_mutex_t*>(m); }
pthread_cond_t* condition_of(cnd_t* c) { return reinterpret_cast<pthread_cond_t*>(c); }
int result(int error) {
  return error == 0           ? thrd_success
         : error == ETIMEDOUT ? thrd_timedout
         : error == EBUSY     ? thrd_busy
                              : thrd_error;
}

struct Start {
  thrd_start_t function;
  void* argument;
};
void* run(void* opaque) {
  const Start start = *static_cast<Start*>(opaque);
  delete static_cast<Start*>(opaque);
  return reinterpret_cast<void*>(static_cast<intptr_t>(start.function(start.argument)));
}
}  // namespace

extern "C" {
int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  return result(pthread_create(thread, nullptr, &run, new Start{function, argument}));
}
int thrd_join(thrd_t thread, int* value) {
  void* returned = nullptr;
  const int error = pthread_join(thread, &returned);
  if (value != nullptr) *value = static_cast<int>(reinterpret_cast<intptr_t>(returned));
  return result(error);
}
int thrd_detach(thrd_t thread) { return result(pthread_detach(thread)); }

int mtx_init(mtx_t* m, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(mutex_of(m), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result(error);
}
void mtx_destroy(mtx_t* m) { pthread_mutex_destroy(mutex_of(m)); }
int mtx_lock(mtx_t* m) { return result(pthread_mutex_lock(mutex_of(m))); }
int mtx_trylock(mtx_t* m) { return result(pthread_mutex_trylock(mutex_of(m))); }
int mtx_unlock(mtx_t* m) { return result(pthread_mutex_unlock(mutex_of(m))); }

int cnd_init(cnd_t* c) { return result(pthread_cond_init(condition_of(c), nullptr)); }
void cnd_destroy(cnd_t* c) { pthread_cond_destroy(condition_of(c)); }
int cnd_signal(cnd_t* c) { return result(pthread_cond_signal(condition_of(c))); }
int cnd_broadcast(cnd_t* c) { return result(pthread_cond_broadcast(condition_of(c))); }
int cnd_wait(cnd_t* c, mtx_t* m) { return result(pthread_cond_wait(condition_of(c), mutex_of(m))); }
int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
  return result(pthread_cond_timedwait(condition_of(c), mutex_of(m), until));
}
}
