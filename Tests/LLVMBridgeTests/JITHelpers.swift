import LLVMBridge
import Targets
import Testing

/// A kernel over arrays: inputs a, b, output, and a count.
typealias ArrayKernel =
  @convention(c) (
    UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
  ) -> Void

/// Compiled code and the address of its one function.
struct Compiled {
  /// Keeps the code in memory.
  let object: LinkedObject
  /// The function.
  let address: UnsafeRawPointer

  /// Compiles and links `module`, whose function is called `name`.
  init(_ module: LLVMModule, _ name: String, level: Int = 1) throws {
    try module.verify()
    let bytes = try ObjectCompiler(level: level).compile(module)
    object = try JITSession.shared().add(object: bytes, symbols: [name])
    address = try #require(object.address(of: name))
  }

  /// Passes the function, as a C function of type `type`, to `body` and keeps the code meanwhile.
  func use<T, Result>(_ type: T.Type, _ body: (T) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(object) { try body(unsafeBitCast(address, to: type)) }
  }
}

/// Builds `out[i] = a[i] + factor * b[i]` for i in 0..<n in vectors of `width` with a masked tail.
func makeAddModule(_ name: String, width: Int, factor: Double, target: TargetDescription = .host)
  -> LLVMModule
{
  let module = LLVMModule(name: name, target: target)
  let function = module.addFunction(
    name, parameters: [module.pointer, module.pointer, module.pointer, module.i64],
    returns: module.void)
  for index in 0..<3 {
    function.setAttribute(.noalias, parameter: index)
    function.setAttribute(.nocapture, parameter: index)
  }
  function.setAttribute(.readonly, parameter: 0)
  let b = IRBuilder(module)
  let (entry, head) = (function.appendBlock("entry"), function.appendBlock("head"))
  let (body, exit) = (function.appendBlock("body"), function.appendBlock("exit"))
  let type = module.vector(module.float, width)
  let count = function.parameters[3]

  b.position(at: entry)
  b.br(head)
  b.position(at: head)
  let index = b.phi(module.i64)
  b.addIncoming(index, b.int(0, module.i64), from: entry)
  b.condBr(b.icmp(.slt, index, count), body, exit, weights: (100, 1))
  b.position(at: body)
  let lanes = b.add(b.splat(index, width), b.stepVector(module.i64, width))
  let mask = b.icmp(.slt, lanes, b.splat(count, width))
  func load(_ p: Int) -> LLVMValue {
    b.maskedLoad(
      type, b.gep(module.float, function.parameters[p], index), mask: mask, passthru: b.zero(type),
      alignment: 4)
  }
  let sum = b.fma(load(1), b.float(factor, type), load(0))
  b.maskedStore(
    sum, b.gep(module.float, function.parameters[2], index), mask: mask, alignment: 4)
  b.addIncoming(index, b.addNoWrap(index, b.int(width, module.i64)), from: b.currentBlock)
  b.setLoopOptions(b.br(head), [.noUnroll, .noVectorize])
  b.position(at: exit)
  b.ret()
  return module
}
