/* watched.h - whether a sanitizer watches this build
 *
 * What keeps freed memory for itself gives it back then: in a kept block no fault is seen. */
#ifndef CORE_WATCHED_H
#define CORE_WATCHED_H

#if !defined(__has_feature) /* gcc before 14: it has macros of its own */
#define __has_feature(what) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define WATCHED_ADDRESSES 1
#else
#define WATCHED_ADDRESSES 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define WATCHED_THREADS 1
#else
#define WATCHED_THREADS 0
#endif

#endif
