//! How freed memory is kept.

/// Blocks up to this size come from the heap: batches and fetch buffers are made anew all the time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAP_BLOCK: libc::c_int = 8 << 20;
/// What a heap keeps at its end when it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAP_SPARE: libc::c_int = 16 << 20;

/// Keeps the memory of a batch for the next one. As it is set up, the allocator gives blocks of that size back to the
/// system, and a seventh of a record's cost goes into having their pages made and cleared again.
pub fn keep_freed_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes two numbers and sets two of the allocator's own, under its lock. A refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, HEAP_BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, HEAP_SPARE);
    }
}
