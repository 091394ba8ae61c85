//! Memory for a module that takes all that it needs when it starts, and so has no use for lists of what is free.

#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;

const PAGE: usize = 65_536;
/// What `memory.grow` answers when the engine has no more.
const NONE: usize = usize::MAX;

/// Gives each request pages of its own, new ones, and takes none back.
pub struct Once;

// SAFETY: what `memory_grow` adds to the memory was not part of it before, so nothing else lies there: not the stack, not a
// static, not what was given out earlier. It begins at a multiple of PAGE, which is aligned for all that is asked for, and it
// holds zeros. Nothing unwinds.
unsafe impl GlobalAlloc for Once {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > PAGE {
            return core::ptr::null_mut();
        }
        match memory_grow::<0>(layout.size().div_ceil(PAGE)) {
            NONE => core::ptr::null_mut(),
            pages => core::ptr::with_exposed_provenance_mut(pages * PAGE),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller of this one says.
        unsafe { self.alloc(layout) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
