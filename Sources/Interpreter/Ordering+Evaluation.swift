import TensorIR

extension Ordering {
  /// The first places of each row, sorted by the keys one after the other.
  func evaluated(_ keys: [Literal], _ type: TensorType) -> Literal {
    let extent = keys[0].type.shape.last ?? 0
    let rows = extent == 0 ? 0 : keys[0].type.count / extent
    let ordinals = keys.map(\.ordinals)
    var places = [Int64]()
    places.reserveCapacity(type.count)
    for row in 0..<rows {
      let start = row * extent
      let sorted = (0..<extent).sorted { left, right in
        for (key, isFalling) in zip(ordinals, isDescending) {
          let (first, second) = (key[start + left], key[start + right])
          if first != second { return isFalling ? first > second : first < second }
        }
        return left < right
      }
      places += sorted.prefix(count).map(Int64.init)
    }
    return Literal(type, integers: places)
  }
}

extension Literal {
  /// Integers in the order of the elements, equal ones for equal elements alone.
  fileprivate var ordinals: [Int64] {
    switch exactElements {
    case .doubles(let values): values.map(\.totalOrdinal)
    case .integers(let values): values.map { type.element.ordinal($0) }
    case .complexes: preconditionFailure("complex numbers have no order")
    }
  }
}
