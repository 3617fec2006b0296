/* mimalloc-stl.h: allocators for the containers of C++11 and later; mimalloc.h includes it.

   mi_stl_allocator<T>               the main heap; has no state, all are equal
   mi_heap_stl_allocator<T>          a heap of its own, deleted with the last copy: blocks that live on stay valid
   mi_heap_destroy_stl_allocator<T>  a heap of its own, destroyed with the last copy: deallocation does nothing, all
                                     memory goes back at once

   A copy, also one for another type or of a container that is copied, shares the heap; allocators of one heap are
   equal, others are not. Assignment and swap of containers take the allocator along, so that memory never has to be
   copied between heaps. An allocator made from a heap uses it and leaves it alone at the end. Heaps can be used from
   any thread; that a heap cannot be had throws std::bad_alloc, as an allocation does after the new-handler gave up. */
#pragma once
#ifndef MIMALLOC_STL_H
#define MIMALLOC_STL_H

#if defined(__cplusplus)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mimalloc.h>
#include <new>
#include <type_traits>

namespace mi_stl_detail {

[[noreturn]] inline void out_of_memory() {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
  throw std::bad_alloc();
#else
  std::abort();
#endif
}

/* Is an alignment beyond what every block has? */
template <class T>
struct over_aligned {
  static constexpr bool value = alignof(T) > alignof(std::max_align_t);
};

/* `count` elements of a heap (null: the main one), with the new-handler as operator new calls it. */
template <class T>
T* allocate(mi_heap_t* heap, std::size_t count) {
  if (!over_aligned<T>::value) return static_cast<T*>(mi_heap_alloc_new_n(heap, count, sizeof(T)));
  for (;;) {
    void* p = nullptr;
    if (count <= PTRDIFF_MAX / sizeof(T)) p = mi_heap_malloc_aligned(heap, count * sizeof(T), alignof(T));
    if (p != nullptr) return static_cast<T*>(p);
    std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) out_of_memory();
    handler();
  }
}

/* What an allocator of any kind has. */
template <class T>
struct types {
  typedef T value_type;
  typedef T* pointer;
  typedef const T* const_pointer;
  typedef std::size_t size_type;
  typedef std::ptrdiff_t difference_type;
  typedef std::true_type propagate_on_container_copy_assignment;
  typedef std::true_type propagate_on_container_move_assignment;
  typedef std::true_type propagate_on_container_swap;

  std::size_t max_size() const noexcept { return static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T); }
};

/* A heap that its last owner ends. */
typedef std::shared_ptr<mi_heap_t> owned_heap;

inline owned_heap new_heap(void (*end)(mi_heap_t*)) {
  mi_heap_t* heap = mi_heap_new();
  if (heap == nullptr) out_of_memory();
  return owned_heap(heap, end);
}

/* The types and the heap of an allocator with one; a move copies, for what is moved from must stay equal. */
template <class T>
class with_heap : public types<T> {
 public:
  typedef std::false_type is_always_equal;

  with_heap(const with_heap& other) noexcept : owner_(other.owner_), heap_(other.heap_) {}
  with_heap& operator=(const with_heap& other) noexcept {
    owner_ = other.owner_;
    heap_ = other.heap_;
    return *this;
  }

  T* allocate(std::size_t count, const void* = nullptr) { return mi_stl_detail::allocate<T>(heap_, count); }

  /* Gives the heap's free memory back to the OS. */
  void collect(bool force) noexcept { mi_heap_collect(heap_, force); }
  /* Is memory of one memory of the other? */
  template <class U>
  bool is_equal(const with_heap<U>& other) const noexcept {
    return heap_ == other.heap_;
  }

 protected:
  explicit with_heap(const owned_heap& owner) noexcept : owner_(owner), heap_(owner.get()) {}
  explicit with_heap(mi_heap_t* heap) noexcept : owner_(), heap_(heap) {}
  template <class U>
  explicit with_heap(const with_heap<U>& other) noexcept : owner_(other.owner_), heap_(other.heap_) {}

 private:
  template <class U>
  friend class with_heap;

  owned_heap owner_; /* nothing, if the heap is the caller's */
  mi_heap_t* heap_;
};

}  // namespace mi_stl_detail

/* The main heap. */
template <class T>
struct mi_stl_allocator : mi_stl_detail::types<T> {
  typedef std::true_type is_always_equal;
  template <class U>
  struct rebind {
    typedef mi_stl_allocator<U> other;
  };

  mi_stl_allocator() noexcept = default;
  mi_stl_allocator(const mi_stl_allocator&) noexcept = default;
  mi_stl_allocator& operator=(const mi_stl_allocator&) noexcept = default;
  template <class U>
  mi_stl_allocator(const mi_stl_allocator<U>&) noexcept {}

  T* allocate(std::size_t count, const void* = nullptr) {
    if (mi_stl_detail::over_aligned<T>::value) return mi_stl_detail::allocate<T>(nullptr, count);
    return static_cast<T*>(mi_new_n(count, sizeof(T)));
  }
  void deallocate(T* p, std::size_t) noexcept { mi_free(p); }
};

template <class T, class U>
bool operator==(const mi_stl_allocator<T>&, const mi_stl_allocator<U>&) noexcept {
  return true;
}
template <class T, class U>
bool operator!=(const mi_stl_allocator<T>&, const mi_stl_allocator<U>&) noexcept {
  return false;
}

/* A heap that is deleted with the last copy. */
template <class T>
struct mi_heap_stl_allocator : mi_stl_detail::with_heap<T> {
  template <class U>
  struct rebind {
    typedef mi_heap_stl_allocator<U> other;
  };

  mi_heap_stl_allocator() : mi_stl_detail::with_heap<T>(mi_stl_detail::new_heap(&mi_heap_delete)) {}
  mi_heap_stl_allocator(mi_heap_t* heap) noexcept : mi_stl_detail::with_heap<T>(heap) {}
  mi_heap_stl_allocator(const mi_heap_stl_allocator&) noexcept = default;
  mi_heap_stl_allocator& operator=(const mi_heap_stl_allocator&) noexcept = default;
  template <class U>
  mi_heap_stl_allocator(const mi_heap_stl_allocator<U>& other) noexcept : mi_stl_detail::with_heap<T>(other) {}

  void deallocate(T* p, std::size_t) noexcept { mi_free(p); }
};

template <class T, class U>
bool operator==(const mi_heap_stl_allocator<T>& a, const mi_heap_stl_allocator<U>& b) noexcept {
  return a.is_equal(b);
}
template <class T, class U>
bool operator!=(const mi_heap_stl_allocator<T>& a, const mi_heap_stl_allocator<U>& b) noexcept {
  return !a.is_equal(b);
}

/* A heap that is destroyed with the last copy, so nothing in it has to be deallocated. */
template <class T>
struct mi_heap_destroy_stl_allocator : mi_stl_detail::with_heap<T> {
  template <class U>
  struct rebind {
    typedef mi_heap_destroy_stl_allocator<U> other;
  };

  mi_heap_destroy_stl_allocator() : mi_stl_detail::with_heap<T>(mi_stl_detail::new_heap(&mi_heap_destroy)) {}
  mi_heap_destroy_stl_allocator(mi_heap_t* heap) noexcept : mi_stl_detail::with_heap<T>(heap) {}
  mi_heap_destroy_stl_allocator(const mi_heap_destroy_stl_allocator&) noexcept = default;
  mi_heap_destroy_stl_allocator& operator=(const mi_heap_destroy_stl_allocator&) noexcept = default;
  template <class U>
  mi_heap_destroy_stl_allocator(const mi_heap_destroy_stl_allocator<U>& other) noexcept
      : mi_stl_detail::with_heap<T>(other) {}

  void deallocate(T*, std::size_t) noexcept {}
};

template <class T, class U>
bool operator==(const mi_heap_destroy_stl_allocator<T>& a, const mi_heap_destroy_stl_allocator<U>& b) noexcept {
  return a.is_equal(b);
}
template <class T, class U>
bool operator!=(const mi_heap_destroy_stl_allocator<T>& a, const mi_heap_destroy_stl_allocator<U>& b) noexcept {
  return !a.is_equal(b);
}

#endif
#endif
