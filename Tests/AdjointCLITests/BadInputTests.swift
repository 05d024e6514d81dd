import Foundation
import Testing

/// A command line with a mistake, and the one line it is answered with.
struct BadInput: Sendable, CustomTestStringConvertible {
  /// The arguments.
  var arguments: [String]
  /// What follows `adjoint: `.
  var message: String

  var testDescription: String { arguments.joined(separator: " ") }

  /// Splits the arguments at spaces.
  init(_ arguments: String, _ message: String) {
    self.arguments = arguments.split(separator: " ").map(String.init)
    self.message = message
  }
}

@Suite struct BadInputTests {
  @Test(arguments: [
    BadInput("run", "Missing expected argument '<file>'"),
    BadInput("walk", "Unexpected argument 'walk'"),
    BadInput("run sum.mlir --bogus", "Unknown option '--bogus'"),
    BadInput("run sum.mlir --grad x", "The value 'x' is invalid for '--grad <I,J>'"),
    BadInput("run sum.mlir --grad 0,-1", "The value '0,-1' is invalid for '--grad <I,J>'"),
    BadInput("run sum.mlir --grad 0,", "The value '0,' is invalid for '--grad <I,J>'"),
    BadInput("run sum.mlir --threads 0", "--threads must be at least 1"),
    BadInput(
      "run sum.mlir --grad 0 --jvp 0", "only one of --grad, --vjp and --jvp can be given"),
    BadInput("run sum.mlir --vjp 0", "--vjp and --cotangents belong together"),
    BadInput("run sum.mlir --tangents x.npy", "--jvp and --tangents belong together"),
    BadInput(
      "run sum.mlir --engine steam",
      "The value 'steam' is invalid for '--engine <engine>'. Please provide one of 'jit' and "
        + "'interpreter'."),
    BadInput(
      "dump sum.mlir --stage last",
      "The value 'last' is invalid for '--stage <stage>'. Please provide one of the following: "
        + "- traced - simplified - adjoint - planned - loops - schedule - llvm - llvm-optimized "
        + "- assembly"),
  ])
  func usage(input: BadInput) throws { try expectLine(input) }

  @Test(arguments: [
    BadInput("run nowhere.mlir", "nowhere.mlir: the file cannot be read"),
    BadInput("check nowhere.mlir", "nowhere.mlir: the file cannot be read"),
    BadInput("dump nowhere.mlir --stage traced", "nowhere.mlir: the file cannot be read"),
    BadInput("bench nowhere.mlir --json", "nowhere.mlir: the file cannot be read"),
    BadInput("run words.mlir", "words.mlir:2:1: expected 'module' or 'func.func', not 'hello'"),
    BadInput(
      "run empty.mlir",
      "empty.mlir:1:1: expected 'module' or 'func.func', not the end of the text"),
    BadInput("run op.mlir", "op.mlir:2:8: unknown op stablehlo.frobnicate"),
    BadInput("run type.mlir", "type.mlir:2:31: operand 1 is tensor<3xf32>, not tensor<2xf32>"),
    BadInput("run sum.mlir --function g", "sum.mlir: there is no function @g, only @main, @both"),
  ])
  func programs(input: BadInput) throws { try expectLine(input) }

  @Test(arguments: ["run", "check", "bench"])
  func derivativesThatAreNotThere(command: String) throws {
    try expectLine(
      BadInput(
        "\(command) sum.mlir --grad 2",
        "sum.mlir:1:1: parameter 2 is out of range: @main has 2 parameters"
      ))
    try expectLine(
      BadInput(
        "\(command) sum.mlir --grad 0,1",
        "sum.mlir:1:1: parameter 1 of @main is tensor<i32>; only floats can be differentiated"))
    try expectLine(
      BadInput(
        "\(command) sum.mlir --function both --grad 0",
        "sum.mlir:6:1: result 0 of @both is tensor<2xf32>, not a scalar float; "
          + "--grad needs a scalar loss"))
  }

  @Test(arguments: [
    BadInput(
      "run sum.mlir --inputs x.npy", "the function takes 2 arguments, but 1 files are given"),
    BadInput("run sum.mlir --inputs no.npy n.npy", "no.npy: the file cannot be read"),
    BadInput(
      "run sum.mlir --inputs n.npy n.npy",
      "n.npy: argument 0 is a tensor<2xf32>, but the file holds a tensor<i32>"),
    BadInput(
      "bench sum.mlir --inputs x.npy x.npy",
      "x.npy: argument 1 is a tensor<i32>, but the file holds a tensor<2xf32>"),
    BadInput("run sum.mlir --inputs sum.mlir n.npy", "sum.mlir: not a .npy file"),
    BadInput("run sum.mlir --inputs empty.mlir n.npy", "empty.mlir: not a .npy file"),
    BadInput(
      "run sum.mlir --vjp 0 --cotangents x.npy",
      "x.npy: cotangent 0 is a tensor<f32>, but the file holds a tensor<2xf32>"),
    BadInput(
      "run sum.mlir --jvp 0 --tangents x.npy x.npy",
      "the function takes 1 tangents, but 2 files are given"),
    BadInput("run sum.mlir --outputs a.npy b.npy", "there are 1 results, but 2 --outputs"),
    BadInput(
      "run sum.mlir --expected a.npy b.npy",
      "the function gives 1 expected results, but 2 files are given"),
    BadInput("run sum.mlir --tolerance 1", "--tolerance needs --expected"),
    BadInput("run sum.mlir --outputs no/a.npy", "no/a.npy: the file cannot be written"),
  ])
  func tensorFiles(input: BadInput) throws {
    try withTool(files: files) { tool in
      // Writes x.npy and n.npy, the arguments of @main.
      let identity = try tool.run(["run", "same.mlir", "--outputs", "x.npy", "n.npy"])
      try #require(identity.status == 0)
      let outcome = try tool.run(input.arguments)
      #expect(outcome == .init(status: 2, output: "", error: "adjoint: \(input.message)\n"))
    }
  }

  /// Expects that a command says its line on standard error, and nothing else, with status 2.
  private func expectLine(_ input: BadInput) throws {
    try withTool(files: files) { tool in
      let outcome = try tool.run(input.arguments)
      #expect(outcome == .init(status: 2, output: "", error: "adjoint: \(input.message)\n"))
    }
  }

  /// The files the commands find.
  private let files = [
    "sum.mlir": """
    func.func public @main(%x: tensor<2xf32>, %n: tensor<i32>) -> tensor<f32> {
      %0 = stablehlo.constant dense<0.0> : tensor<f32>
      %1 = stablehlo.reduce(%x init: %0) applies stablehlo.add across dimensions = [0] : \
    (tensor<2xf32>, tensor<f32>) -> tensor<f32>
      return %1 : tensor<f32>
    }
    func.func private @both(%x: tensor<2xf32>) -> tensor<2xf32> {
      return %x : tensor<2xf32>
    }
    """,
    "same.mlir": """
    func.func @main(%x: tensor<2xf32>, %n: tensor<i32>) -> (tensor<2xf32>, tensor<i32>) {
      return %x, %n : tensor<2xf32>, tensor<i32>
    }
    """,
    "op.mlir": """
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = stablehlo.frobnicate %x : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    """,
    "type.mlir": """
    func.func @main(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<2xf32> {
      %0 = stablehlo.add %x, %y : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    """,
    "words.mlir": "\nhello",
    "empty.mlir": "",
  ]
}
