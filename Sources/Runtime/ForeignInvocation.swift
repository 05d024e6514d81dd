internal import CFFI
package import TensorIR

/// Calls foreign functions of signatures that are known at run time only, through libffi.
package enum ForeignInvocation {
  /// The results of a call, as the interpreter needs them.
  ///
  /// - Throws: `AdjointError` where the function is missing or gives a status other than zero, and what
  ///   a closure throws.
  @Sendable package static func call(
    _ call: ForeignCall, _ operands: [Literal]
  ) throws -> [Literal] {
    if case .closure(let number) = call.target {
      guard let closure = ForeignClosure.find(number) else {
        throw AdjointError(.system, "\(call.name): there is no closure \(number) in this process")
      }
      return try closure.call(operands)
    }
    let function = try ForeignLibrary.function(call.target, call.name)
    let memory = Memory(call, operands)
    defer { memory.deallocate() }
    let status = try memory.invoke(call, function.address)
    if call.returned == .status, status != 0 {
      throw AdjointError(
        .system, "the foreign function \(call.name) failed with status \(status)")
    }
    return zip(call.resultTypes, memory.results).map { type, address in
      Literal(type, bytes: Array(UnsafeRawBufferPointer(start: address, count: type.byteCount)))
    }
  }

  /// The memory of one call.
  private struct Memory {
    let operands: [UnsafeMutableRawPointer]
    let results: [UnsafeMutableRawPointer]

    init(_ call: ForeignCall, _ values: [Literal]) {
      operands = values.map { value in
        let address = Self.block(value.type)
        value.denseBytes.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(start: address, count: $0.count).copyMemory(from: $0)
        }
        return address
      }
      results = call.resultTypes.map { type in
        let address = Self.block(type)
        address.initializeMemory(as: UInt8.self, repeating: 0, count: type.byteCount)
        return address
      }
    }

    private static func block(_ type: TensorType) -> UnsafeMutableRawPointer {
      .allocate(byteCount: max(type.byteCount, 1), alignment: 64)
    }

    func deallocate() { for address in operands + results { address.deallocate() } }

    /// Calls the function, and keeps a result that it returns.
    ///
    /// - Returns: the status that it returns, or zero.
    func invoke(_ call: ForeignCall, _ function: UnsafeRawPointer) throws -> Int {
      var types = call.parameters.map { type(of: $0, in: call) }
      let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(types.count, 1))
      words.initialize(repeating: 0, count: max(types.count, 1))
      defer { words.deallocate() }
      for (position, parameter) in call.parameters.enumerated() {
        write(parameter, of: call, to: UnsafeMutableRawPointer(words + position))
      }
      var values = call.parameters.indices.map { Optional(UnsafeMutableRawPointer(words + $0)) }
      let element = returnedElement(of: call)
      var interface = ffi_cif()
      let prepared = ffi_prep_cif(
        &interface, adjoint_ffi_abi(), UInt32(types.count),
        element.map(Self.type) ?? adjoint_ffi_void(), &types)
      guard prepared == FFI_OK else {
        throw AdjointError(.system, "libffi cannot call \(call.name)")
      }
      var returned: UInt64 = 0
      ffi_call(
        &interface, unsafeBitCast(function, to: (@convention(c) () -> Void).self), &returned,
        &values)
      switch call.returned {
      case .nothing: return 0
      case .status: return Int(Int32(truncatingIfNeeded: returned))
      case .result(let number):
        withUnsafeBytes(of: &returned) { bytes in
          results[number].copyMemory(
            from: bytes.baseAddress ?? UnsafeRawPointer(words),
            byteCount: call.resultTypes[number].byteCount)
        }
        return 0
      }
    }

    private func returnedElement(of call: ForeignCall) -> ElementType? {
      switch call.returned {
      case .nothing: nil
      case .status: .i32
      case .result(let number): call.resultTypes[number].element
      }
    }

    private static func type(_ element: ElementType) -> UnsafeMutablePointer<ffi_type>? {
      switch (element.isFloat, element.byteCount) {
      case (true, 4): adjoint_ffi_float()
      case (true, _): adjoint_ffi_double()
      case (false, 8): adjoint_ffi_sint64()
      case (false, _): adjoint_ffi_sint32()
      }
    }

    private func type(
      of parameter: ForeignCall.Parameter, in call: ForeignCall
    ) -> UnsafeMutablePointer<ffi_type>? {
      switch parameter {
      case .operand, .result, .datum, .context: adjoint_ffi_pointer()
      case .value(let number): Self.type(call.operandTypes[number].element)
      case .extent(_, _, let element): Self.type(element)
      case .constant(let literal): Self.type(literal.type.element)
      }
    }

    private func write(
      _ parameter: ForeignCall.Parameter, of call: ForeignCall, to word: UnsafeMutableRawPointer
    ) {
      switch parameter {
      case .operand(let number):
        word.storeBytes(of: operands[number], as: UnsafeMutableRawPointer.self)
      case .result(let number):
        word.storeBytes(of: results[number], as: UnsafeMutableRawPointer.self)
      case .value(let number):
        word.copyMemory(from: operands[number], byteCount: call.operandTypes[number].byteCount)
      case .extent(let place, let axis, let element):
        let count = call.extent(of: place, axis: axis)
        if element == .i32 {
          word.storeBytes(of: Int32(truncatingIfNeeded: count), as: Int32.self)
        } else {
          word.storeBytes(of: Int64(count), as: Int64.self)
        }
      case .constant(let literal):
        literal.bytes.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(start: word, count: bytes.count).copyMemory(from: bytes)
        }
      case .datum, .context: break
      }
    }
  }
}
