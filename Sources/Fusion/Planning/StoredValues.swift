internal import TensorIR

/// The values that are in memory when kernels run: parameters, and roots in the order in which they
/// became roots.
final class StoredValues {
  /// For each value how many roots there were when it became one, zero for parameters; nil where it is
  /// computed inside kernels.
  @exclusivity(unchecked) private var ranks: [Int?]
  /// The roots in the order in which they became roots.
  private(set) var order: [ValueID] = []

  init(_ function: Function) {
    ranks = [Int?](repeating: nil, count: function.types.count)
    for parameter in function.parameters { ranks[parameter.index] = 0 }
  }

  /// Whether a value is a parameter or a root.
  func contains(_ value: ValueID) -> Bool { ranks[value.index] != nil }

  /// Makes a value a root.
  func insert(_ value: ValueID) {
    guard ranks[value.index] == nil else { return }
    order.append(value)
    ranks[value.index] = order.count
  }

  /// Whether any of the values became a root after there were `count` roots.
  func hasNewer(among values: [ValueID], since count: Int) -> Bool {
    order.count > count && values.contains { ranks[$0.index].map { $0 > count } ?? false }
  }
}
