import Foundation
import TensorIR
import TestSupport
import Testing

/// An example program with inputs, its value and gradients.
struct Example: Sendable, CustomTestStringConvertible {
  /// The folder's name.
  var name: String
  /// The number of arguments.
  var argumentCount: Int
  /// Differentiated are the first so many.
  var gradientCount: Int
  /// How far results may be from those of JAX, relative to the largest element.
  var tolerance: Double

  var testDescription: String { name }
  /// The program.
  var program: String { path("primal.mlir") }
  /// Its arguments' files.
  var inputs: [String] { (0..<argumentCount).map { path("in\($0).npy") } }
  /// The files of value and gradients.
  var expected: [String] {
    [path("value.npy")] + (0..<gradientCount).map { path("grad\($0).npy") }
  }
  /// The option's value.
  var grad: String { (0..<gradientCount).map { "\($0)" }.joined(separator: ",") }

  /// A file of the example.
  func path(_ file: String) -> String {
    CommandLineTool.programs.appending(path: name).appending(path: file).path
  }

  static let all = [
    Example(name: "scalar", argumentCount: 1, gradientCount: 1, tolerance: 1e-10),
    Example(name: "rosenbrock", argumentCount: 1, gradientCount: 1, tolerance: 1e-10),
    Example(name: "mlp_small", argumentCount: 6, gradientCount: 4, tolerance: 2e-4),
    Example(name: "gmm", argumentCount: 4, gradientCount: 3, tolerance: 1e-10),
  ]
}

@Suite struct RunTests {
  /// Decompositions of numbers that are not finite are NaN, and the library that makes them prints nothing
  /// of its own.
  @Test(arguments: [
    (
      "geev", "0x7FC00000", "compute_left = 78 : ui8, compute_right = 78 : ui8", 0,
      ["3xf32", "3xf32", "3x3xcomplex<f32>", "3x3xcomplex<f32>", "i32"]
    ),
    (
      "gees", "0x7FC00000", "mode = 86 : ui8, sort = 78 : ui8", 2,
      ["3x3xf32", "3x3xf32", "3xf32", "3xf32", "i32", "i32"]
    ),
    (
      "gesdd", "0x7F800000", "mode = 65 : ui8", 1,
      ["3x3xf32", "3xf32", "3x3xf32", "3x3xf32", "i32"]
    ),
  ])
  func nothingButResultsIsPrinted(
    routine: String, element: String, attributes: String, result: Int, types: [String]
  ) throws {
    let results = types.map { "tensor<\($0)>" }.joined(separator: ", ")
    let text = """
      func.func @main() -> tensor<3xf32> {
        %a = stablehlo.constant dense<\(element)> : tensor<3x3xf32>
        %0:\(types.count) = stablehlo.custom_call @lapack_s\(routine)_ffi(%a)
          {mhlo.backend_config = {\(attributes)}} : (tensor<3x3xf32>) -> (\(results))
        return %0#\(result) : tensor<3xf32>
      }
      """
    try withTool(files: ["numbers.mlir": text]) { tool in
      let run = try tool.run(["run", "numbers.mlir"])
      #expect(run.status == 0 && run.error.isEmpty)
      #expect(run.output == "result 0: tensor<3xf32> [nan, nan, nan]\n")
    }
  }

  /// A loop that never ends, by either engine, ends with one line.
  @Test(arguments: ["jit", "interpreter"])
  func timeIsLimited(engine: String) throws {
    let endless = """
      func.func @main(%x: tensor<f32>) -> tensor<f32> {
        %true = stablehlo.constant dense<true> : tensor<i1>
        %0:2 = stablehlo.while(%a = %x, %b = %true) : tensor<f32>, tensor<i1>
          cond {
            stablehlo.return %b : tensor<i1>
          } do {
            %1 = stablehlo.tanh %a : tensor<f32>
            %2 = stablehlo.compare EQ, %a, %a : (tensor<f32>, tensor<f32>) -> tensor<i1>
            stablehlo.return %1, %2 : tensor<f32>, tensor<i1>
          }
        return %0#0 : tensor<f32>
      }
      """
    try withTool(files: ["endless.mlir": endless]) { tool in
      let outcome = try tool.run(["run", "endless.mlir", "--engine", engine, "--timeout", "0.5"])
      #expect(
        outcome
          == .init(
            status: 2, output: "",
            error: "adjoint: not done after 0.5 s, the limit that --timeout sets\n"))
      let refused = try tool.run(["run", "endless.mlir", "--timeout", "0"])
      #expect(refused.status == 2)
      #expect(refused.error.contains("--timeout must be a time above 0"))
    }
  }

  @Test(arguments: Example.all)
  func examplesGiveTheExpectedValueAndGradient(example: Example) throws {
    try withTool { tool in
      let names = example.expected.indices.map { "out\($0).npy" }
      let outcome = try tool.run(
        ["run", example.program, "--grad", example.grad, "--inputs"] + example.inputs
          + ["--outputs"] + names)
      try #require(outcome == .init(status: 0, output: "", error: ""))
      for (name, path) in zip(names, example.expected) {
        let actual = try readNpy(tool.folder.appending(path: name).path)
        let expected = try readNpy(path)
        try #require(actual.type == expected.type)
        let scale = expected.doubles.map(abs).max() ?? 0
        #expect(
          maximumError(actual, expected).absolute <= example.tolerance * scale, "\(name)")
      }
    }
  }

  /// What `--expected` prints, and the status, where results agree and where they do not.
  @Test func resultsAreComparedWithFiles() throws {
    try withTool(files: ["product.mlir": product]) { tool in
      let written = try tool.run(
        ["run", "product.mlir", "--function", "scaled", "--outputs", "a.npy", "b.npy"])
      try #require(written.status == 0)
      let run = ["run", "product.mlir", "--function", "scaled", "--expected", "a.npy", "b.npy"]
      #expect(
        try tool.run(run).lines == ["result 0: agrees, equal", "result 1: agrees, equal"])
      let other = try tool.run(run + ["--seed", "1"])
      #expect(other.status == 1)
      #expect(other.lines.count == 2)
      #expect(other.lines[0].hasPrefix("result 0: DIFFERS, within "))
      #expect(other.lines[0].hasSuffix(", not 1e-10"))
      #expect(other.lines[1] == "result 1: agrees, equal")
      #expect(try tool.run(run + ["--seed", "1", "--tolerance", "1000"]).status == 0)
    }
  }

  @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
    try withTool { tool in
      let example = Example.all[2]
      let outputs = try ["1", "2"].map { threads in
        try tool.run(
          ["run", example.program, "--grad", example.grad, "--threads", threads])
      }
      #expect(outputs[0].status == 0)
      #expect(outputs[0] == outputs[1])
    }
  }

  @Test(arguments: ["jit", "interpreter"])
  func printsResultsAndDerivatives(engine: String) throws {
    try withTool(files: ["product.mlir": product]) { tool in
      func lines(_ arguments: [String]) throws -> [String] {
        let outcome = try tool.run(["run", "product.mlir", "--engine", engine] + arguments)
        #expect(outcome.error == "")
        return outcome.lines
      }
      let plain = try lines(["--function", "scaled"])
      #expect(plain.count == 2)
      #expect(plain[0].hasPrefix("result 0: tensor<2xf64> ["))
      #expect(plain[1] == "result 1: tensor<2xi32> [7, -7]")
      let gradient = try lines(["--grad", "1"])
      #expect(gradient.count == 2)
      #expect(gradient[1].hasPrefix("gradient 1: tensor<2xf64> ["))
    }
  }

  @Test func seedsDecideTheInputs() throws {
    try withTool(files: ["product.mlir": product]) { tool in
      let outputs = try ["1", "1", "2"].map { try tool.run(["run", "product.mlir", "--seed", $0]) }
      #expect(outputs[0] == outputs[1])
      #expect(outputs[0] != outputs[2])
    }
  }

  @Test func derivativesTakeTangentsAndCotangents() throws {
    try withTool(files: ["product.mlir": product]) { tool in
      let inputs = Example.all[0].inputs
      let write = try tool.run(
        ["run", "product.mlir", "--function", "scaled", "--outputs", "t.npy", "n.npy"])
      try #require(write.status == 0)
      let forward = try tool.run(["run", "product.mlir", "--jvp", "0", "--tangents", "t.npy"])
      #expect(forward.lines.count == 2)
      #expect(forward.lines.last?.hasPrefix("tangent 0: tensor<f64> ") == true)
      let backward = try tool.run(
        ["run", "product.mlir", "--vjp", "1", "--cotangents"] + inputs)
      #expect(backward.lines.count == 2)
      #expect(backward.lines.last?.hasPrefix("cotangent 1: tensor<2xf64> [") == true)
    }
  }

  @Test func anArgumentMayBeNamedTwice() throws {
    try withTool(files: ["product.mlir": product]) { tool in
      let outcome = try tool.run(["run", "product.mlir", "--grad", "1,1"])
      #expect(outcome.lines.count == 3)
      #expect(outcome.lines[1].hasPrefix("gradient 1: tensor<2xf64> ["))
      #expect(outcome.lines[1] == outcome.lines[2])
      let check = try tool.run(["check", "product.mlir", "--grad", "1,1"])
      #expect(check.status == 0)
    }
  }

  @Test func checksAtGivenInputs() throws {
    // The slope of |x − 3| is zero at the given point and one at those drawn, below 1.5.
    let root = """
      func.func @main(%x: tensor<f64>) -> tensor<f64> {
        %0 = stablehlo.constant dense<3.0> : tensor<f64>
        %1 = stablehlo.subtract %x, %0 : tensor<f64>
        %2 = stablehlo.abs %1 : tensor<f64>
        %3 = stablehlo.constant dense<1.0e+9> : tensor<f64>
        %4 = stablehlo.multiply %2, %3 : tensor<f64>
        return %4 : tensor<f64>
      }
      func.func private @three() -> tensor<f64> {
        %0 = stablehlo.constant dense<3.0> : tensor<f64>
        return %0 : tensor<f64>
      }
      """
    try withTool(files: ["root.mlir": root]) { tool in
      let write = try tool.run(
        ["run", "root.mlir", "--function", "three", "--outputs", "three.npy"])
      try #require(write.status == 0)
      let outcome = try tool.run(
        ["check", "root.mlir", "--grad", "0", "--inputs", "three.npy"])
      #expect(outcome.error == "")
      #expect(outcome.lines.contains { $0.contains("<Jv, w> = 0,") }, "\(outcome.lines)")
      let wrong = try tool.run(["check", "root.mlir", "--inputs", "three.npy", "three.npy"])
      #expect(wrong.error.contains("the function takes 1 arguments, but 2 files are given"))
    }
  }

  /// A scalar function and a private one with two results.
  private let product = """
    func.func public @main(%x: tensor<2xf64>, %y: tensor<2xf64>) -> tensor<f64> {
      %0 = stablehlo.multiply %x, %y : tensor<2xf64>
      %1 = stablehlo.constant dense<0.0> : tensor<f64>
      %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [0] : \
    (tensor<2xf64>, tensor<f64>) -> tensor<f64>
      return %2 : tensor<f64>
    }
    func.func private @scaled(%x: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xi32>) {
      %0 = stablehlo.constant dense<[7, -7]> : tensor<2xi32>
      %1 = stablehlo.convert %0 : (tensor<2xi32>) -> tensor<2xf64>
      %2 = stablehlo.multiply %x, %1 : tensor<2xf64>
      return %2, %0 : tensor<2xf64>, tensor<2xi32>
    }

    """
}
