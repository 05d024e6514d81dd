import Foundation
import Synchronization
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

@testable import Codegen
@testable import Fusion
@testable import Runtime

/// Code that is made quickly, and the best code in its place.
@Suite struct TierTests {
  /// A product, loops of elementary functions, and sums.
  private static let text = """
    func.func @main(%x: tensor<24x20xf32>, %y: tensor<20x36xf32>) \
      -> (tensor<24x36xf32>, tensor<f32>, tensor<24xf32>) {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %p = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] \
        : (tensor<24x20xf32>, tensor<20x36xf32>) -> tensor<24x36xf32>
      %t = stablehlo.tanh %p : tensor<24x36xf32>
      %q = stablehlo.multiply %t, %p : tensor<24x36xf32>
      %d = stablehlo.subtract %q, %t : tensor<24x36xf32>
      %s = stablehlo.reduce(%d init: %zero) applies stablehlo.add across dimensions = [0, 1] \
        : (tensor<24x36xf32>, tensor<f32>) -> tensor<f32>
      %r = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [1] \
        : (tensor<24x36xf32>, tensor<f32>) -> tensor<24xf32>
      return %d, %s, %r : tensor<24x36xf32>, tensor<f32>, tensor<24xf32>
    }
    """

  private let function: Function
  private let arguments: [Literal]
  private let expected: [Literal]

  init() throws {
    function = try #require(Module(parsing: Self.text, file: "tiers.mlir").entry)
    arguments = randomArguments(for: function, seed: 3)
    let (function, arguments) = (function, arguments)
    expected = try CodeCache.$current.withValue(nil) { try call(Executable(function), arguments) }
  }

  private func executable(
    _ policy: CompilationPolicy, budget: Double? = nil, cache: CodeCache? = nil,
    key: ProgramKey? = nil
  ) throws -> Executable {
    var options = CodeOptions()
    options.policy = policy
    options.budgetMilliseconds = budget
    return try CodeCache.$current.withValue(cache) {
      try Executable(function, options: options, key: key)
    }
  }

  @Test func theBestCodeIsTheBest() throws {
    #expect(try executable(.best).isBest)
  }

  @Test func quickCodeStaysAsItIsUntilAskedFor() throws {
    let program = try executable(.immediate)
    for _ in 0..<5 { #expect(try call(program, arguments) == expected) }
    #expect(!program.isBest)
    program.improve()
    #expect(program.isBest)
    #expect(try call(program, arguments) == expected)
  }

  /// Calls while the code changes give the same bits.
  @Test func codeBecomesBetterBetweenCalls() throws {
    let program = try executable(.balanced)
    #expect(!program.isBest)
    for _ in 0..<20 { #expect(try call(program, arguments) == expected) }
    program.improve()
    #expect(program.isBest)
    #expect(try call(program, arguments) == expected)
  }

  /// What is called once has no better code made, unless that is kept on disk.
  @Test func theSecondCallIsDue() throws {
    let program = try LoopProgram(lowering: function, for: .host)
    func dueCalls(_ key: ProgramKey?) -> [Bool] {
      let improvement = Improvement(
        ProgramEmitter(program, target: .host), for: .host, cache: nil, key: key,
        image: ProgramImage(
          parameterTypes: [], resultTypes: [], donations: [:], mayRunOn: false, arenaByteCount: 0,
          kernelCount: 0, instructionCount: 0, objects: [], calledObjects: [],
          names: []), kernels: [])
      return (0..<4).map { _ in improvement.isDue() }
    }
    #expect(dueCalls(nil) == [false, true, false, false])
    let folder = try TemporaryFolder()
    let disk = try #require(DiskCache(directory: folder.path, byteLimit: 1 << 20))
    let key = try CodeCache.$current.withValue(CodeCache(disk: disk)) {
      try #require(ProgramKey(function, transform: "none", options: CodeOptions()))
    }
    #expect(dueCalls(key) == [true, false, false, false])
  }

  @Test func withoutTimeAllCodeIsMadeQuickly() throws {
    let emitter = ProgramEmitter(try LoopProgram(lowering: function, for: .host), target: .host)
    func levels(_ deadline: ContinuousClock.Instant?) throws -> [Int] {
      try KernelCompilation.objects(
        of: emitter, for: .host, cache: nil,
        effort: KernelCompilation.Effort(policy: .best, deadline: deadline)
      ).map(\.level)
    }
    #expect(try levels(.now).allSatisfy { $0 == 0 })
    #expect(try levels(.now + .seconds(3600)) == levels(nil))
    #expect(try levels(nil).contains(1))
    let program = try executable(.best, budget: 0)
    #expect(!program.isBest)
    #expect(try call(program, arguments) == expected)
  }

  /// A product that a call repeats often is worth waiting for, one that takes a moment is not.
  @Test func longProductsAreMadeWellAtOnce() throws {
    func isBest(_ size: Int) throws -> Bool {
      let type = "tensor<\(size)x\(size)xf32>"
      let text = """
        func.func @main(%x: \(type)) -> \(type) {
          %p = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] \
            : (\(type), \(type)) -> \(type)
          return %p : \(type)
        }
        """
      let function = try #require(Module(parsing: text, file: "product.mlir").entry)
      let emitter = ProgramEmitter(
        try LoopProgram(lowering: function, for: .host), target: .host)
      let objects = try KernelCompilation.objects(
        of: emitter, for: .host, cache: nil,
        effort: KernelCompilation.Effort(policy: .balanced, threads: 1))
      return zip(objects.dropFirst(), emitter.levels).allSatisfy { $0.level == $1 }
    }
    #expect(try isBest(2048))
    #expect(try !isBest(32))
  }

  /// Quick code is not kept on disk; better code is, the whole program too.
  @Test func theBestCodeIsKept() throws {
    let folder = try TemporaryFolder()
    let disk = try #require(DiskCache(directory: folder.path, byteLimit: 1 << 24))
    let first = CodeCache(disk: disk)
    let key = try CodeCache.$current.withValue(first) {
      try #require(ProgramKey(function, transform: "none", options: CodeOptions()))
    }
    func isKept() -> Bool {
      CodeCache.$current.withValue(CodeCache(disk: disk)) {
        Executable.cached(under: key, options: CodeOptions()) != nil
      }
    }
    let program = try executable(.balanced, cache: first, key: key)
    #expect(!isKept())
    program.improve()
    #expect(isKept())
    // Another process finds the best kernels, whatever it asks for.
    let second = CodeCache(disk: disk)
    let again = try executable(.immediate, cache: second)
    #expect(second.counts.loadedKernels >= 1)
    #expect(try call(again, arguments) == expected)
  }

  @Test func jobsAreDoneInOrder() throws {
    let done = Notes()
    for number in 0..<10 { BackgroundCompiler.shared.add { done.add(number) } }
    while done.numbers.count < 10 { usleep(100) }
    #expect(done.numbers == Array(0..<10))
  }
}

/// Numbers that threads note.
private final class Notes: Sendable {
  private let noted = Mutex<[Int]>([])

  var numbers: [Int] { noted.withLock { $0 } }

  func add(_ number: Int) { noted.withLock { $0.append(number) } }
}
