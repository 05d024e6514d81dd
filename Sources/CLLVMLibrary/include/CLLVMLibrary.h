// LLVM's library, which is loaded when code is made for the first time: a process whose programs
// come from the cache on disk never maps its 150 MB.
#ifndef CLLVM_LIBRARY_H
#define CLLVM_LIBRARY_H

/// Loads the library; threads may call it at once, and again.
///
/// Returns why that is not possible, or null. Functions of LLVM load it as well where they are called before,
/// and end the process where it cannot be loaded.
const char *adjoint_llvm_load(void);

/// Whether the library has been loaded.
int adjoint_llvm_is_loaded(void);

/// The file of the library that is loaded first; null where the program is linked with the library.
const char *adjoint_llvm_path(void);

/// The version of LLVM that the headers belong to, as `22.1.8`.
const char *adjoint_llvm_version(void);

/// What the processor says of itself, as a number that differs where what LLVM would say of it differs;
/// zero where that is not known.
unsigned long long adjoint_processor_digest(void);

#endif
