import LLVMBridge
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

extension TargetDescription {
  /// Processors whose code runs here: this one, and an x86-64 without AVX-512.
  static let runnable: [TargetDescription] =
    [host] + [x86_64v3].compactMap { $0.running(on: host) }
}

/// Calls native code with literals.
func call(_ executable: Executable, _ arguments: [Literal]) throws -> [Literal] {
  func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: max(byteCount, 1), alignment: 64)
  }
  var inputs = [UnsafeRawPointer]()
  for argument in arguments {
    let memory = allocate(argument.type.byteCount)
    argument.denseBytes.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyMemory(from: bytes)
    }
    inputs.append(UnsafeRawPointer(memory))
  }
  // Results start as a pattern, so that an element nobody writes is seen.
  var outputs = executable.resultTypes.map { type in
    let memory = allocate(type.byteCount)
    memory.initializeMemory(as: UInt8.self, repeating: 0x7F, count: type.byteCount)
    return memory
  }
  defer {
    for memory in inputs { memory.deallocate() }
    for memory in outputs { memory.deallocate() }
  }
  try executable.call(arguments: &inputs, results: &outputs)
  return executable.resultTypes.enumerated().map { position, type in
    let memory =
      executable.donations[position].map { inputs[$0] } ?? UnsafeRawPointer(outputs[position])
    return Literal(type, bytes: Array(UnsafeRawBufferPointer(start: memory, count: type.byteCount)))
  }
}

/// Compiles a function for a number of threads, with some arguments donated.
func executable(
  _ function: Function, threads: Int = WorkerPool.availableThreads, donated: Set<Int> = [],
  target: TargetDescription = .host, policy: CompilationPolicy = .best
) throws -> Executable {
  var options = CodeOptions()
  options.threads = threads
  options.donated = donated
  options.target = target
  options.policy = policy
  return try Executable(function, options: options)
}

/// Compiles and calls a function.
func runNatively(
  _ function: Function, _ arguments: [Literal], threads: Int = WorkerPool.availableThreads,
  donated: Set<Int> = [], target: TargetDescription = .host,
  policy: CompilationPolicy = .best
) throws -> [Literal] {
  try call(
    executable(function, threads: threads, donated: donated, target: target, policy: policy),
    arguments)
}

/// The first result of each function, all of them compiled as one, with the arguments; the best code
/// on one thread and code that is made quickly on two give the same to the bit.
func runTogether(
  _ functions: [Function]
) throws -> [(arguments: [Literal], result: Literal)] {
  let arguments = functions.enumerated().map { randomArguments(for: $1, seed: UInt64($0)) }
  let combined = try combination(of: functions)
  let results = try runNatively(combined, arguments.flatMap { $0 }, threads: 1)
  #expect(
    try runNatively(combined, arguments.flatMap { $0 }, threads: 2, policy: .immediate) == results)
  return Array(zip(arguments, results)).map { (arguments: $0.0, result: $0.1) }
}
