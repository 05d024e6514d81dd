// Counted loops over pointers. Whole programs are interpreted in tests, which are built without
// optimization; there these loops take a tenth of the time of `map` and `zip`.

/// `transform` of every value.
func mapped(_ values: [Double], _ transform: (Double) -> Double) -> [Double] {
  filled(values.count) { results in
    values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress else { return }
      var index = 0
      while index < values.count {
        results[index] = transform(source[index])
        index &+= 1
      }
    }
  }
}

/// `transform` of every pair of values.
///
/// - Requires: there are as many left as right values.
func mapped<Result: BitwiseCopyable>(
  _ left: [Double], _ right: [Double], _ transform: (Double, Double) -> Result
) -> [Result] {
  filled(left.count) { results in
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        precondition(left.count == right.count, "tensors of one shape have equal counts")
        guard let leftSource = left.baseAddress, let rightSource = right.baseAddress else { return }
        var index = 0
        while index < left.count {
          results[index] = transform(leftSource[index], rightSource[index])
          index &+= 1
        }
      }
    }
  }
}

/// The values as doubles, exactly.
func widened(_ values: [Float]) -> [Double] {
  filled(values.count) { results in
    values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress else { return }
      var index = 0
      while index < values.count {
        results[index] = Double(source[index])
        index &+= 1
      }
    }
  }
}

/// The values rounded to single precision.
func rounded(_ values: [Double]) -> [Float] {
  filled(values.count) { results in
    values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress else { return }
      var index = 0
      while index < values.count {
        results[index] = Float(source[index])
        index &+= 1
      }
    }
  }
}

/// An array of `count` elements that `fill` writes, every one of them.
private func filled<Element: BitwiseCopyable>(
  _ count: Int, _ fill: (UnsafeMutablePointer<Element>) -> Void
) -> [Element] {
  [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
    if count > 0, let base = buffer.baseAddress { fill(base) }
    initialized = count
  }
}
