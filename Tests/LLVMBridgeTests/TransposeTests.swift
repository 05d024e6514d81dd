import LLVMBridge
import Testing

/// Reads a matrix at the first pointer and writes its transpose to the second.
private typealias TransposeKernel =
  @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer) -> Void

/// Transposes in registers.
@Suite struct TransposeTests {
  @Test(arguments: [2, 4, 8, 16], [2, 4])
  func shortRows(count: Int, length: Int) throws {
    guard count >= length else { return }
    try check(count, length, bits: 32)
    try check(count, length, bits: 64)
  }

  /// Rows made of the columns of a transpose are the rows it was made of.
  @Test(arguments: [2, 4, 8, 16], [2, 4])
  func rowsOfColumns(count: Int, length: Int) throws {
    guard count >= length else { return }
    let name = try JITSession.shared().uniqueName("rows")
    let module = LLVMModule(name: name)
    let function = module.addFunction(
      name, parameters: [module.pointer, module.pointer], returns: module.void)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let row = module.vector(module.float, length)
    func place(_ parameter: Int, _ number: Int) -> LLVMValue {
      b.gep(function.parameters[parameter], bytes: number * length * 4)
    }
    let rows = (0..<count).map { b.load(row, place(0, $0), alignment: 4) }
    for (number, row) in b.rows(ofColumns: b.transposed(rows)).enumerated() {
      b.store(row, place(1, number), alignment: 4)
    }
    b.ret()
    let matrix = (0..<count * length).map { Float($0) }
    var result = [Float](repeating: -1, count: count * length)
    try Compiled(module, name).use(TransposeKernel.self) { kernel in
      matrix.withUnsafeBytes { input in
        result.withUnsafeMutableBytes { output in
          guard let input = input.baseAddress, let output = output.baseAddress else { return }
          kernel(input, output)
        }
      }
    }
    #expect(result == matrix)
  }

  /// Transposes `count` rows of `length` elements.
  private func check(_ count: Int, _ length: Int, bits: Int) throws {
    let name = try JITSession.shared().uniqueName("transpose")
    let module = LLVMModule(name: name)
    let function = module.addFunction(
      name, parameters: [module.pointer, module.pointer], returns: module.void)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let row = module.vector(bits == 32 ? module.float : module.double, length)
    let rows = (0..<count).map {
      b.load(row, b.gep(function.parameters[0], bytes: $0 * length * bits / 8), alignment: 4)
    }
    for (number, column) in b.transposed(rows).enumerated() {
      b.store(
        column, b.gep(function.parameters[1], bytes: number * count * bits / 8), alignment: 4)
    }
    b.ret()
    let code = try Compiled(module, name)
    if bits == 32 {
      expectTransposed(Float.self, count, length, code)
    } else {
      expectTransposed(Double.self, count, length, code)
    }
  }

  private func expectTransposed<Scalar: BinaryFloatingPoint>(
    _ type: Scalar.Type, _ count: Int, _ length: Int, _ code: Compiled
  ) {
    let matrix = (0..<count * length).map { Scalar($0) }
    var result = [Scalar](repeating: -1, count: count * length)
    code.use(TransposeKernel.self) { kernel in
      matrix.withUnsafeBytes { input in
        result.withUnsafeMutableBytes { output in
          guard let input = input.baseAddress, let output = output.baseAddress else { return }
          kernel(input, output)
        }
      }
    }
    #expect(result == matrix.indices.map { matrix[$0 % count * length + $0 / count] })
  }
}
