internal import Foundation

extension Double {
  /// The number with a few significant digits.
  package var short: String { String(format: "%.3g", self) }
}
