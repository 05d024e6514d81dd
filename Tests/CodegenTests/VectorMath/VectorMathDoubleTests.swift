import Foundation
import LLVMBridge
import Targets
import Testing

@testable import Codegen

/// Doubles against a table of correctly rounded results.
@Suite struct VectorMathDoubleTests {
  /// One line of the table.
  struct Row {
    /// The arguments.
    let arguments: [Double]
    /// The correctly rounded result.
    let result: Double
  }

  /// The table, by function.
  static let table: [String: [Row]] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Cases/vector-math-f64.txt")
    let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    var rows: [String: [Row]] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ")
      let numbers = words.dropFirst().map { Double($0) ?? .signalingNaN }
      rows[String(words[0]), default: []].append(
        Row(arguments: Array(numbers.dropLast()), result: numbers[numbers.count - 1]))
    }
    return rows
  }()

  /// The distance of two doubles in representable numbers; infinite for a wrong special value.
  static func distance(_ y: Double, _ expected: Double) -> Double {
    if expected.isNaN || y.isNaN { return expected.isNaN && y.isNaN ? 0 : .infinity }
    if y == expected { return y == 0 && y.sign != expected.sign ? .infinity : 0 }
    if y.sign != expected.sign { return .infinity }
    let (a, b) = (y.magnitude.bitPattern, expected.magnitude.bitPattern)
    return Double(a > b ? a - b : b - a)
  }

  @Test(arguments: VectorFunction.allCases, TargetDescription.runnable)
  func tabulatedValues(function: VectorFunction, target: TargetDescription) throws {
    let rows = try #require(Self.table[function.rawValue])
    #expect(rows.count > 250)
    for width in [1, 4, 8, 16] {
      let kernel = try MapKernel(function, isDouble: true, width: width, target: target)
      let values = kernel.map(rows.map { $0.arguments[0] })
      for (row, value) in zip(rows, values) {
        // An error of at most n units moves the rounded result by at most n numbers.
        #expect(
          Self.distance(value, row.result) <= function.allowedError,
          "\(function)(\(row.arguments[0])) = \(value), width \(width)")
      }
    }
  }

  @Test(arguments: TargetDescription.runnable, [1, 8])
  func tabulatedPowers(target: TargetDescription, width: Int) throws {
    let rows = try #require(Self.table["pow"])
    let kernel = try MapKernel(isDouble: true, width: width, target: target, hasTwoInputs: true) {
      $0.pow($1, $2)
    }
    let values = kernel.map(rows.map { $0.arguments[0] }, rows.map { $0.arguments[1] })
    for (row, value) in zip(rows, values) {
      #expect(
        Self.distance(value, row.result) <= 2,
        "pow(\(row.arguments[0]), \(row.arguments[1])) = \(value)")
    }
  }
}
