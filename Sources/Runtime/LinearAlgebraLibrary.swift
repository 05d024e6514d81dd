internal import CLinearAlgebra
import Foundation
internal import TensorIR

/// LAPACK, loaded when a program first needs it.
enum LinearAlgebraLibrary {
  /// The libraries that may have LAPACK's functions, the best first.
  private static let names: [String] = {
    #if canImport(Darwin)
      ["/System/Library/Frameworks/Accelerate.framework/Accelerate"]
    #else
      ["libopenblas.so.0", "liblapack.so.3", "libopenblas.so", "liblapack.so"]
    #endif
  }()

  /// Whether the library is there, or why not.
  private static let loaded = Result { try load() }

  /// Makes sure that LAPACK's functions can be called.
  ///
  /// - Throws: `AdjointError` that names the package to install.
  static func require() throws { try loaded.get() }

  /// Finds all functions in one of the libraries.
  ///
  /// Threads of the library's own are switched off: batches are divided among those of the program.
  private static func load() throws {
    for name in names {
      guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
      if let setThreads = dlsym(handle, "openblas_set_num_threads") {
        unsafeBitCast(setThreads, to: (@convention(c) (Int32) -> Void).self)(1)
      }
      if define(from: handle) { return }
    }
    throw AdjointError(
      .system,
      "matrices of this size need LAPACK, which is not installed: install the package libopenblas0, "
        + "or liblapack3")
  }

  /// Whether a library has all functions, which are then used from there.
  private static func define(from handle: UnsafeMutableRawPointer) -> Bool {
    var found: [(type: Int32, number: Int32, address: UnsafeMutableRawPointer)] = []
    for (type, letter) in ["s", "d", "c", "z"].enumerated() {
      for number in 0..<Int(ADJOINT_LAPACK_COUNT) {
        let written = adjoint_lapack_name(Int32(type), Int32(number))
        let name = written.map { String(cString: $0) } ?? ""
        guard let address = dlsym(handle, letter + name + "_") else { return false }
        found.append((Int32(type), Int32(number), address))
      }
    }
    for function in found {
      adjoint_set_lapack(function.type, function.number, function.address)
    }
    return true
  }

  /// The address of a routine for many matrices, or for Fourier transforms.
  static func routine(_ name: String) -> UnsafeRawPointer? {
    adjoint_linear_algebra_routine(name) ?? adjoint_fourier_routine(name)
  }
}
