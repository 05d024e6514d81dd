import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// The cases of single passes, in folders of their names.
private let allCases = goldenCases(in: "FusionTests").filter { $0.passes != ["lower"] }

/// Those that a pass changes, and those that it must leave as they are.
private let cases = allCases.filter { !$0.isRefused }
private let refusedCases = allCases.filter(\.isRefused)

extension GoldenCase {
  /// Whether the case shows what a pass refuses.
  fileprivate var isRefused: Bool { name.hasSuffix("/refused") }
}

/// The processor that loops are made for in these tests.
private let target = TargetDescription.x86_64v4

/// The list of passes: each does what its golden cases show, can be left out, and stops at a limit.
@Suite struct ScheduleTests {
  /// Options without the passes from one on, or behind it.
  private func options(upTo pass: String, included: Bool) throws -> ScheduleOptions {
    let position = try #require(schedule.firstIndex { $0.name == pass })
    let later = schedule[(included ? position + 1 : position)...]
    return ScheduleOptions(disabled: Set(later.map(\.name)), limit: nil)
  }

  /// The loops without a case's pass and all behind it, and those with it.
  private func texts(of golden: GoldenCase, _ pass: String) throws -> [String] {
    let module = try Module(parsing: golden.program, file: golden.fileName)
    let function = try module.inlined(try #require(module.entry)).simplified()
    return try [false, true].map { included in
      var options = try options(upTo: pass, included: included)
      options.donated = module.entry?.donatedParameters ?? []
      let program = try LoopProgram.lowered(function, for: target, options).program
      try program.verify(provesGuards: true)
      return program.description
    }
  }

  /// Loops before a pass, without it and all behind it, and after it.
  @Test(arguments: cases)
  func passesGiveExpectedText(golden: GoldenCase) throws {
    let pass = try #require(golden.passes.first)
    #expect(golden.name.hasPrefix(pass + "/"))
    let texts = try texts(of: golden, pass)
    try golden.check(
      "// without \(pass)\n\(texts[0])\n// with \(pass)\n\(texts[1])", stage: "loops")
  }

  /// What a pass must not change, or what does not pay, it leaves as it is.
  @Test(arguments: refusedCases)
  func passesRefuse(golden: GoldenCase) throws {
    let pass = try #require(golden.passes.first)
    #expect(golden.name.hasPrefix(pass + "/"))
    let texts = try texts(of: golden, pass)
    #expect(texts[0] == texts[1])
  }

  @Test func everyPassHasARefusal() {
    let passes = refusedCases.compactMap(\.passes.first)
    #expect(Set(passes) == Set(schedule.filter(\.isOptional).map(\.name)))
  }

  @Test func everyPassHasItsFolder() {
    let folders = Set(allCases.compactMap { $0.name.split(separator: "/").first.map(String.init) })
    #expect(folders == Set(schedule.map(\.name)))
  }

  @Test func passesHaveNamesAndSummaries() {
    #expect(Set(schedule.map(\.name)).count == schedule.count)
    #expect(schedule.allSatisfy { !$0.summary.isEmpty })
  }

  /// What a function computes under all of some options is what the interpreter says; loops that are the
  /// same under several options are run once.
  private func expectMeaning(
    _ function: Function, _ options: [ScheduleOptions], seed: UInt64, _ comment: String
  ) throws {
    let arguments = randomArguments(for: function, seed: seed)
    let expected = try Interpreter().run(function, arguments)
    var texts = Set<String>()
    for options in options {
      let program = try LoopProgram.lowered(function, for: target, options).program
      try program.verify(provesGuards: true)
      guard texts.insert(program.description).inserted else { continue }
      let results = try LoopInterpreter.run(program, arguments: arguments)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, relative: 1e-4, "\(comment) \(options)")
      }
    }
  }

  /// Functions that between them use every pass, without each pass, and up to a number of rewrites.
  @Test(arguments: allCases)
  func programsKeepTheirMeaning(_ golden: GoldenCase) throws {
    let module = try Module(parsing: golden.program, file: golden.fileName)
    let function = try module.inlined(try #require(module.entry)).simplified()
    // Without a pass that does nothing the loops are the same.
    let report = try LoopProgram.lowered(
      function, for: target, ScheduleOptions(disabled: [], limit: nil), explains: true
    ).report
    let without = zip(schedule, report.rows).filter { pass, row in
      pass.isOptional && (isExhaustive || row.rewrites > 0)
    }.map { ScheduleOptions(disabled: [$0.0.name], limit: nil) }
    let limited = (0...(isExhaustive ? 4 : 2)).map { ScheduleOptions(disabled: [], limit: $0) }
    try expectMeaning(function, without + limited, seed: 3, golden.name)
  }

  @Test func reportsTellRewritesAndWhatWasWeighed() throws {
    let golden = try #require(goldenCases(in: "FusionTests").first { $0.name == "row_chain" })
    let module = try Module(parsing: golden.text, file: golden.fileName)
    let function = try module.inlined(try #require(module.entry)).simplified()
    let report = try LoopProgram.lowered(
      function, for: target, ScheduleOptions(disabled: [], limit: nil), explains: true
    ).report
    #expect(report.rows.map(\.pass) == schedule.map(\.name))
    try golden.check(report.description, stage: "schedule")
    let limited = try LoopProgram.lowered(
      function, for: target, ScheduleOptions(disabled: [], limit: 2)
    ).report
    #expect(limited.rows.reduce(0) { $0 + $1.rewrites } == 2)
  }

  /// Kernels that are copies of carries have names of their own whatever passes are left out.
  @Test(arguments: schedule.filter(\.isOptional).map(\.name))
  func kernelNamesAreUnique(without pass: String) throws {
    let golden = try #require(
      goldenCases(in: "FusionTests").first { $0.name == "prefix_blocks" })
    let module = try Module(parsing: golden.text, file: golden.fileName)
    let function = try module.inlined(try #require(module.entry)).simplified()
    let options = ScheduleOptions(disabled: [pass], limit: nil)
    try LoopProgram.lowered(function, for: target, options).program.verify()
  }

  /// An element that is read before the row it stands in is written over is not the row's copy.
  @Test func aRowMadeOfOneOfItsElementsIsWritten() throws {
    let text = """
      func.func @main(%x: tensor<8x8xf32> {jax.buffer_donor = true}) -> tensor<8x8xf32> {
        %0 = stablehlo.slice %x [0:8, 2:3] : (tensor<8x8xf32>) -> tensor<8x1xf32>
        %1 = stablehlo.reshape %0 : (tensor<8x1xf32>) -> tensor<8xf32>
        %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<8xf32>) -> tensor<8x8xf32>
        return %2 : tensor<8x8xf32>
      }
      """
    let module = try Module(parsing: text, file: "row.mlir")
    let function = try module.inlined(try #require(module.entry))
    try expectMeaning(
      function, [ScheduleOptions(disabled: [], limit: nil, donated: [0])], seed: 5, "row")
  }
}
