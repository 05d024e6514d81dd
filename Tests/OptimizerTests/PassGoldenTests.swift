import Foundation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

private let cases = goldenCases(in: "OptimizerTests")

/// Each case runs the passes of its first line on each of its functions.
@Suite struct PassGoldenTests {
  @Test(arguments: cases)
  func givesExpectedText(golden: GoldenCase) throws {
    var module = try Module(parsing: golden.program, file: golden.fileName)
    try module.verify()
    try #require(!golden.passes.isEmpty)
    let original = module
    module.functions = try module.functions.map { function in
      try golden.passes.reduce(function) { try $0.applying(passNamed: $1) }
    }
    try module.verify()
    try golden.check(module.description, stage: "simplified")
    for (before, after) in zip(original.functions, module.functions) {
      let arguments = randomArguments(for: before, seed: 11)
      try expectSameResults(after, before, arguments, "@\(before.name)")
    }
  }

  @Test func everyPassHasItsFolder() {
    let folders = Set(cases.compactMap { $0.name.split(separator: "/").first.map(String.init) })
    #expect(folders == Set(pipeline.map(\.name)))
  }
}
