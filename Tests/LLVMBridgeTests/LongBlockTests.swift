import LLVMBridge
import Testing

/// Long blocks in pieces.
@Suite struct LongBlockTests {
  /// A function of so many sums, with its last block divided, and the instructions of each block.
  private func blocks(of count: Int, limit: Int) throws -> [Int] {
    let module = LLVMModule(name: "blocks")
    let function = module.addFunction("f", parameters: [module.float], returns: module.float)
    let builder = IRBuilder(module)
    builder.position(at: function.appendBlock("entry"))
    let memory = builder.alloca(module.float, count: 1, alignment: 64)
    var value = function.parameters[0]
    for _ in 0..<count { value = builder.fadd(value, function.parameters[0]) }
    _ = memory
    builder.ret(value)
    function.divideLastBlock(limit: limit)
    try module.verify()
    let lines = module.text.split(separator: "\n").map { $0.drop { $0 == " " } }
    var counts: [Int] = []
    for line in lines {
      if line.hasPrefix("entry:") || line.contains("; preds") { counts.append(0) }
      if line.contains("fadd") || line.hasPrefix("ret ") { counts[counts.count - 1] += 1 }
      if line.contains("alloca") { #expect(counts.count == 1) }
    }
    return counts
  }

  @Test func areDivided() throws {
    #expect(try blocks(of: 9, limit: 4) == [4, 4, 2])
    #expect(try blocks(of: 7, limit: 4) == [4, 4])
  }

  @Test func shortOnesStay() throws { #expect(try blocks(of: 3, limit: 4) == [4]) }
}
