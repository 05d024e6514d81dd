import Adjoint
import Foundation

/// Measures of some specimens and the class of each, from a file of comma-separated values.
struct Table {
  /// A row for each specimen.
  var measures: Tensor<Double>
  /// The number of each specimen's class.
  var classes: Tensor<Int32>

  /// Reads one of the files in `Data`.
  init(named name: String) throws {
    let url = Bundle.module.bundleURL.appending(path: "Data/\(name).csv")
    let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
    let rows = lines.dropFirst().map { $0.split(separator: ",").compactMap { Double($0) } }
    measures = Tensor(rows.map { $0.dropLast() })
    classes = Tensor(rows.map { Int32($0[$0.count - 1]) })
  }

  /// The measures with mean zero and standard deviation one.
  var standardized: Tensor<Double> {
    (measures - measures.mean(axis: 0)) / measures.standardDeviation(axis: 0)
  }
}

extension Double {
  /// The number with some digits behind the point.
  func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

extension Float {
  /// The number with some digits behind the point.
  func fixed(_ digits: Int) -> String { Double(self).fixed(digits) }
}

extension Tensor where Scalar == Double {
  /// The elements with some digits behind the point.
  func fixed(_ digits: Int) throws -> String {
    try scalars().map { $0.fixed(digits) }.joined(separator: "  ")
  }
}
