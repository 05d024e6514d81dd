import Interpreter
import TensorIR
import Testing

/// Upper halves of products, against Swift's own.
@Suite struct HighProductTests {
  /// The upper halves of the products of all pairs of some integers, as words of 64 bits.
  private func check<Word: FixedWidthInteger>(_ element: ElementType, _ words: [Word]) throws {
    let pairs = words.flatMap { left in words.map { (left, $0) } }
    let type = "tensor<\(pairs.count)x\(element.rawValue)>"
    let text = """
      func.func @main(%a: \(type), %b: \(type)) -> \(type) {
        %0 = chlo.mulhi %a, %b : \(type), \(type) -> \(type)
        return %0 : \(type)
      }
      """
    let module = try Module(parsing: text, file: "case.mlir")
    let shape = TensorType([pairs.count], element)
    let arguments = [
      Literal(shape, integers: pairs.map { Int64(truncatingIfNeeded: $0.0) }),
      Literal(shape, integers: pairs.map { Int64(truncatingIfNeeded: $0.1) }),
    ]
    let results = try Interpreter().run(#require(module.entry), arguments)
    #expect(
      results[0].integers
        == pairs.map { Int64(truncatingIfNeeded: $0.0.multipliedFullWidth(by: $0.1).high) })
  }

  @Test func ofEveryWidth() throws {
    try check(.i8, [Int8.min, .max, -1, 0, 3, -77])
    try check(.u8, [UInt8.min, .max, 200, 3])
    try check(.i16, [Int16.min, .max, -1, 1234])
    try check(.u32, [UInt32.max, 1 << 31, 65_537, 0])
    try check(.i32, [Int32.min, .max, -1, 123_456_789])
    try check(.u64, [UInt64.max, 1 << 63, 1 << 32, 0x1234_5678_9ABC_DEF0, 1])
    try check(.i64, [Int64.min, .max, -1, 0, 1, 0x1234_5678_9ABC_DEF0, -0x7777_7777_7777])
  }

  @Test func ofFloatsIsRefused() {
    #expect(throws: AdjointError.self) { try check(.f32, [Int8(1)]) }
  }
}
