#pragma once
#include <ffi.h>

// libffi exports its type descriptors as mutable globals, which Swift 6 will not read.
static inline ffi_type *adjoint_ffi_pointer(void) { return &ffi_type_pointer; }
static inline ffi_type *adjoint_ffi_void(void) { return &ffi_type_void; }
static inline ffi_type *adjoint_ffi_sint64(void) { return &ffi_type_sint64; }
static inline ffi_type *adjoint_ffi_sint32(void) { return &ffi_type_sint32; }
static inline ffi_type *adjoint_ffi_float(void) { return &ffi_type_float; }
static inline ffi_type *adjoint_ffi_double(void) { return &ffi_type_double; }
static inline ffi_abi adjoint_ffi_abi(void) { return FFI_DEFAULT_ABI; }
