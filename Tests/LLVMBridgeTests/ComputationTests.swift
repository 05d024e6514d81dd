import LLVMBridge
import Testing

/// Pure operations, each of which a block has once.
@Suite struct ComputationTests {
  @Test func aBlockComputesOnce() throws {
    let module = LLVMModule(name: "once")
    let function = module.addFunction(
      "once", parameters: [module.i64, module.i64, module.pointer], returns: module.i64)
    let (a, b, memory) = (
      function.parameters[0], function.parameters[1], function.parameters[2]
    )
    let builder = IRBuilder(module)
    builder.position(at: function.appendBlock("entry"))
    let sum = builder.add(a, b)
    #expect(builder.add(a, b) == sum)
    #expect(builder.add(b, a) != sum)
    #expect(builder.addNoWrap(a, b) != sum)
    #expect(builder.sub(a, b) != sum)
    let place = builder.gep(module.i64, memory, sum)
    #expect(builder.gep(module.i64, memory, builder.add(a, b)) == place)
    #expect(builder.gep(module.i32, memory, sum) != place)
    #expect(builder.icmp(.slt, a, b) == builder.icmp(.slt, a, b))
    #expect(builder.icmp(.slt, a, b) != builder.icmp(.ult, a, b))
    #expect(builder.trunc(sum, module.i32) != builder.trunc(sum, module.i16))
    // Memory may have changed: loads are made each time.
    let first = builder.load(module.i64, place, alignment: 8)
    #expect(builder.load(module.i64, place, alignment: 8) != first)
    let next = builder.appendBlock("next")
    builder.br(next)
    builder.position(at: next)
    let again = builder.add(a, b)
    #expect(again != sum)
    #expect(builder.add(a, b) == again)
    builder.ret(again)
    try module.verify()
  }
}
