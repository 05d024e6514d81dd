import Foundation
import LLVMBridge
import Targets

@testable import Codegen

/// The functions under test.
enum VectorFunction: String, CaseIterable, Sendable {
  case exp, expm1, log, log1p, logistic, tanh, erf, sin, cos, rsqrt

  /// Emits the function.
  func emit(_ math: VectorMath, _ x: LLVMValue) -> LLVMValue {
    switch self {
    case .exp: math.exp(x)
    case .expm1: math.expm1(x)
    case .log: math.log(x)
    case .log1p: math.log1p(x)
    case .logistic: math.logistic(x)
    case .tanh: math.tanh(x)
    case .erf: math.erf(x)
    case .sin: math.sin(x)
    case .cos: math.cos(x)
    case .rsqrt: math.rsqrt(x)
    }
  }

  /// The function in double precision, from the C library.
  func reference(_ x: Double) -> Double {
    switch self {
    case .exp: Foundation.exp(x)
    case .expm1: Foundation.expm1(x)
    case .log: Foundation.log(x)
    case .log1p: Foundation.log1p(x)
    case .logistic:
      x < 0 ? Foundation.exp(x) / (1 + Foundation.exp(x)) : 1 / (1 + Foundation.exp(-x))
    case .tanh: Foundation.tanh(x)
    case .erf: Foundation.erf(x)
    case .sin: Foundation.sin(x)
    case .cos: Foundation.cos(x)
    case .rsqrt: 1 / x.squareRoot()
    }
  }

  /// The largest error allowed, in units of the last place of the exact result.
  var allowedError: Double {
    switch self {
    case .exp, .log: 1
    case .expm1, .log1p, .logistic, .tanh, .erf, .sin, .cos, .rsqrt: 2
    }
  }
}

/// Builds `name(in, out, count)`, which maps `body` over floats or doubles in whole vectors;
/// with two inputs, `name(in, in2, out, count)`.
func makeMapModule(
  _ name: String, isDouble: Bool, width: Int, target: TargetDescription = .host,
  module: LLVMModule? = nil, hasTwoInputs: Bool = false,
  _ body: (VectorMath, LLVMValue, LLVMValue) -> LLVMValue
) -> LLVMModule {
  let module = module ?? LLVMModule(name: name, target: target)
  let element = isDouble ? module.double : module.float
  let type = module.vector(element, width)
  let inputs = hasTwoInputs ? 2 : 1
  let function = module.addFunction(
    name, parameters: Array(repeating: module.pointer, count: inputs + 1) + [module.i64],
    returns: module.void)
  for index in 0...inputs { function.setAttribute(.noalias, parameter: index) }
  let b = IRBuilder(module)
  let (entry, loop, exit) = (
    function.appendBlock("entry"), function.appendBlock("loop"), function.appendBlock("exit")
  )
  b.position(at: entry)
  b.br(loop)
  b.position(at: loop)
  let index = b.phi(module.i64)
  b.addIncoming(index, b.int(0, module.i64), from: entry)
  let size = isDouble ? 8 : 4
  let arguments = function.parameters[..<inputs].map {
    b.load(type, b.gep(element, $0, index), alignment: size)
  }
  let result = body(VectorMath(b, target: target), arguments[0], arguments[inputs - 1])
  b.store(result, b.gep(element, function.parameters[inputs], index), alignment: size)
  let next = b.addNoWrap(index, b.int(width, module.i64))
  b.addIncoming(index, next, from: b.currentBlock)
  b.setLoopOptions(
    b.condBr(b.icmp(.slt, next, function.parameters[inputs + 1]), loop, exit), [.noUnroll])
  b.position(at: exit)
  b.ret()
  return module
}
