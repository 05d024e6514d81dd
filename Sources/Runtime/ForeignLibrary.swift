internal import CSorting
import Foundation
internal import TensorIR

/// Functions of shared libraries, and closures, that programs call.
enum ForeignLibrary {
  /// A function, and the address that it is given with its arguments.
  struct Function {
    var address: UnsafeRawPointer
    var datum: UnsafeRawPointer?
    /// What keeps both valid.
    var owner: ForeignClosure?
  }

  /// Finds a function; a library stays loaded.
  ///
  /// - Throws: `AdjointError` where a library or a function is missing.
  static func function(_ target: ForeignCall.Target, _ name: String) throws -> Function {
    switch target {
    case .symbol(let symbol, let library):
      guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else {
        let reason = dlerror().map { String(cString: $0) } ?? "it cannot be loaded"
        throw AdjointError(.system, "\(name): \(reason)")
      }
      guard let address = dlsym(handle, symbol) else {
        let place = library.map { "the library \($0)" } ?? "this process"
        throw AdjointError(.system, "\(name): there is no function \(symbol) in \(place)")
      }
      return Function(address: UnsafeRawPointer(address), datum: nil, owner: nil)
    case .closure(let number):
      guard let closure = ForeignClosure.find(number) else {
        throw AdjointError(.system, "\(name): there is no closure \(number) in this process")
      }
      return Function(
        address: unsafeBitCast(ForeignClosure.entry, to: UnsafeRawPointer.self),
        datum: UnsafeRawPointer(Unmanaged.passUnretained(closure).toOpaque()), owner: closure)
    case .routine(let routine, let needsLibrary):
      if needsLibrary { try LinearAlgebraLibrary.require() }
      guard
        let address = LinearAlgebraLibrary.routine(routine) ?? adjoint_sorting_routine(routine)
      else {
        throw AdjointError(.system, "there is no routine \(routine)")
      }
      return Function(address: address, datum: nil, owner: nil)
    case .missing, .memory:
      throw AdjointError(
        .notDifferentiable, "the foreign function \(name) has no forward derivative")
    }
  }
}
