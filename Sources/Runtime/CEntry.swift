internal import CFFI
package import TensorIR

/// A C function pointer of a signature chosen at run time, behind which stands a closure; made by
/// libffi, and valid as long as the object lives.
package final class CEntry: @unchecked Sendable {
  /// The type of a parameter.
  package enum Parameter: Hashable, Sendable {
    case pointer
    case number(ElementType)
  }

  /// Takes the addresses of the arguments, and of where what is returned goes.
  package typealias Body =
    @Sendable (UnsafePointer<UnsafeMutableRawPointer?>, UnsafeMutableRawPointer) -> Void

  /// The address to hand to C.
  package let address: UnsafeRawPointer
  private let closure: UnsafeMutableRawPointer
  private let interface: UnsafeMutablePointer<ffi_cif>
  private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>
  private let body: Body
  private let parameterCount: Int

  /// Makes the function pointer.
  ///
  /// - Throws: `AdjointError` where libffi cannot.
  package init(
    _ parameters: [Parameter], returning element: ElementType?, _ body: @escaping Body
  ) throws {
    self.body = body
    parameterCount = parameters.count
    var code: UnsafeMutableRawPointer?
    guard let closure = ffi_closure_alloc(MemoryLayout<ffi_closure>.size, &code), let code else {
      throw AdjointError(.system, "libffi makes no function pointers here")
    }
    self.closure = closure
    address = UnsafeRawPointer(code)
    interface = .allocate(capacity: 1)
    interface.initialize(to: ffi_cif())
    types = .allocate(capacity: max(parameters.count, 1))
    for (position, parameter) in parameters.enumerated() {
      (types + position).initialize(to: Self.type(parameter))
    }
    let result = element.map { Self.type(.number($0)) } ?? adjoint_ffi_void()
    guard
      ffi_prep_cif(interface, adjoint_ffi_abi(), UInt32(parameters.count), result, types) == FFI_OK,
      ffi_prep_closure_loc(
        closure.assumingMemoryBound(to: ffi_closure.self), interface, Self.handler,
        Unmanaged.passUnretained(self).toOpaque(), code) == FFI_OK
    else { throw AdjointError(.system, "libffi makes no function pointer of this signature") }
  }

  deinit {
    ffi_closure_free(closure)
    interface.deallocate()
    types.deallocate()
  }

  private static func type(_ parameter: Parameter) -> UnsafeMutablePointer<ffi_type>? {
    switch parameter {
    case .pointer: adjoint_ffi_pointer()
    case .number(let element):
      switch (element.isFloat, element.byteCount) {
      case (true, 4): adjoint_ffi_float()
      case (true, _): adjoint_ffi_double()
      case (false, 8): adjoint_ffi_sint64()
      case (false, _): adjoint_ffi_sint32()
      }
    }
  }

  /// What libffi calls for every such function.
  private static let handler:
    @convention(c) (
      UnsafeMutablePointer<ffi_cif>?, UnsafeMutableRawPointer?,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>?, UnsafeMutableRawPointer?
    ) -> Void = { _, returned, arguments, owner in
      guard let owner, let arguments, let returned else { return }
      Unmanaged<CEntry>.fromOpaque(owner).takeUnretainedValue().body(arguments, returned)
    }
}
