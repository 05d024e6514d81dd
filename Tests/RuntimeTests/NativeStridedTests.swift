import Interpreter
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Machine code of lanes that are evenly apart in memory, by few elements.
@Suite struct NativeStridedTests {
  private static let elements = ["f32", "f64", "i32", "i64", "bf16", "i8"]

  private func function(_ text: String) throws -> Function {
    let module = try Module(parsing: text, file: "strided.mlir")
    return try module.inlined(try #require(module.entry))
  }

  /// Sums of a table's neighbouring columns as a table of such columns in another order, and the last of
  /// them. The last column ends where memory does.
  private func columns(_ count: Int, rows: Int, _ element: String) throws -> Function {
    let (table, column) = ("tensor<\(rows)x\(count)x\(element)>", "tensor<\(rows)x1x\(element)>")
    var lines = [String]()
    for number in 0..<count {
      lines.append(
        "%c\(number) = stablehlo.slice %a [0:\(rows), \(number):\(number + 1)] : (\(table)) -> \(column)"
      )
    }
    for number in 0..<count {
      lines.append("%s\(number) = stablehlo.add %c\(number), %c\((number + 1) % count) : \(column)")
    }
    let sums = (0..<count).reversed().map { "%s\($0)" }.joined(separator: ", ")
    let types = [String](repeating: column, count: count).joined(separator: ", ")
    lines.append("%t = stablehlo.concatenate \(sums), dim = 1 : (\(types)) -> \(table)")
    return try function(
      """
      func.func @main(%a: \(table)) -> (\(table), \(column)) {
        \(lines.joined(separator: "\n  "))
        return %t, %s\(count - 1) : \(table), \(column)
      }
      """)
  }

  private func expectMeaning(
    _ function: Function, _ target: TargetDescription, _ comment: String
  ) throws {
    let arguments = randomArguments(for: function, seed: 5)
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, target: target)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, .exact, comment)
    }
  }

  @Test(arguments: elements, TargetDescription.runnable)
  func columns(_ element: String, _ target: TargetDescription) throws {
    for count in [2, 3, 4, 7, 8, 9] {
      for rows in [16, 1003] {
        let function = try columns(count, rows: rows, element)
        try expectMeaning(function, target, "\(count) columns of \(element), \(rows) rows")
      }
    }
  }

  /// Elements some places apart, up to the last one of a vector, forwards and backwards.
  @Test(arguments: [2, 3, 6]) func slices(_ stride: Int) throws {
    let function = try function(
      """
      func.func @main(%a: tensor<\(stride * 200 + 1)xf32>) -> (tensor<201xf32>, tensor<201xf32>) {
        %0 = stablehlo.slice %a [0:\(stride * 200 + 1):\(stride)] : (tensor<\(stride * 200 + 1)xf32>) -> tensor<201xf32>
        %1 = stablehlo.reverse %0, dims = [0] : tensor<201xf32>
        %2 = stablehlo.add %0, %0 : tensor<201xf32>
        %3 = stablehlo.subtract %1, %0 : tensor<201xf32>
        return %2, %3 : tensor<201xf32>, tensor<201xf32>
      }
      """)
    for target in TargetDescription.runnable {
      try expectMeaning(function, target, "every \(stride)")
    }
  }
}
