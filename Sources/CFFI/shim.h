#pragma once
#include <ffi.h>

// libffi exports its type descriptors as mutable globals, which Swift 6 will not read.
static inline ffi_type *adjoint_ffi_pointer(void) { return &ffi_type_pointer; }
static inline ffi_type *adjoint_ffi_void(void) { return &ffi_type_void; }
static inline ffi_type *adjoint_ffi_sint64(void) { return &ffi_type_sint64; }
