/// Transposes in registers.
extension IRBuilder {
  /// The columns of a block of many short rows: element `r` of column `c` is lane `c` of row `r`.
  ///
  /// Rows that stand one row's length apart are put side by side in full registers, and then
  /// elements change places inside their parts, by interleaving: `n · log₂ n` shuffles for rows of
  /// `n` lanes. Where a row is 16 bytes long these are the cheapest shuffles that vector
  /// instruction sets have.
  ///
  /// - Requires: rows have a power of two of lanes, at least two, and their number is that times a power of two.
  package func transposed(_ rows: [LLVMValue]) -> [LLVMValue] {
    let length = rows[0].type.vectorWidth
    let parts = rows.count / length
    precondition(
      length & (length - 1) == 0 && parts & (parts - 1) == 0 && parts * length == rows.count,
      "rows of \(length) lanes cannot be transposed \(rows.count) at once")
    let columns = (0..<length).map { first in
      joined(stride(from: first, to: rows.count, by: length).map { rows[$0] })
    }
    return withTransposedParts(columns)
  }

  /// The rows whose columns are given: the inverse of `transposed`.
  ///
  /// - Requires: there are a power of two of columns, at least two, each of that many lanes times a
  ///   power of two.
  package func rows(ofColumns columns: [LLVMValue]) -> [LLVMValue] {
    let (count, length) = (columns[0].type.vectorWidth, columns.count)
    let parts = count / length
    precondition(
      length > 1 && length & (length - 1) == 0 && parts & (parts - 1) == 0
        && parts * length == count,
      "columns of \(count) lanes cannot be transposed \(length) at once")
    let joined = withTransposedParts(columns)
    return (0..<count).map { row in
      let first = row / length * length
      return shuffle(joined[row % length], Array(first..<first + length))
    }
  }

  /// Registers with the squares transposed that their parts, as long as there are registers, make up.
  private func withTransposedParts(_ registers: [LLVMValue]) -> [LLVMValue] {
    var columns = registers
    var unit = 1
    while unit < registers.count {
      columns = interleaved(columns, unit: unit)
      unit *= 2
    }
    return columns
  }

  /// The lanes of vectors of one type one after the other; there are a power of two of them.
  private func joined(_ parts: [LLVMValue]) -> LLVMValue {
    if parts.count == 1 { return parts[0] }
    let halves = [parts.prefix(parts.count / 2), parts.suffix(parts.count / 2)].map {
      joined(Array($0))
    }
    return shuffle(halves[0], halves[1], Array(0..<(2 * halves[0].type.vectorWidth)))
  }

  /// One step of a transpose inside the parts of `registers`, which are as long as there are
  /// registers: those that stand `unit` apart are interleaved in units of as many lanes, the lower
  /// halves of all parts and the upper ones.
  private func interleaved(_ registers: [LLVMValue], unit: Int) -> [LLVMValue] {
    let (width, length) = (registers[0].type.vectorWidth, registers.count)
    func lanes(upper: Bool) -> [Int] {
      (0..<width).map { lane in
        let (start, place) = (lane / length * length, lane % length)
        let (pair, side) = (place / (2 * unit), place / unit % 2)
        let source = start + (upper ? length / 2 : 0) + pair * unit + place % unit
        return source + side * width
      }
    }
    var result = registers
    for first in registers.indices where first / unit % 2 == 0 {
      let target = first / (2 * unit) * (2 * unit) + first % unit * 2
      for upper in [false, true] {
        result[target + (upper ? 1 : 0)] = shuffle(
          registers[first], registers[first + unit], lanes(upper: upper))
      }
    }
    return result
  }
}
