internal import LoopIR
internal import TensorIR

/// The tables that gradients of loops of unknown length fill: in the first half of the rows stand snapshots, in
/// the second one the states of a segment between two of them, whose steps are run again.
struct SnapshotTables {
  /// A table, by its row.
  struct Table {
    var rowCount: Int
    var rowByteCount: Int

    /// How many snapshots it holds at most; one row is spare.
    var snapshotCount: Int { (rowCount - 1) / 2 }
    /// Bytes of the snapshots, and of a segment's states.
    var halfByteCount: Int { snapshotCount * rowByteCount }
    /// What it takes less than a table that no budget makes smaller.
    var missingByteCount: Int {
      let whole = max(SnapshotTables.mostRows, rowCount)
      return (whole * rowByteCount).roundedUp(to: LoopProgram.alignment)
        - (rowCount * rowByteCount).roundedUp(to: LoopProgram.alignment)
    }
  }

  /// The tables, by the number of the value that their memory is first.
  private(set) var tables: [Int: Table] = [:]

  /// The rows of a table without a budget: 64 snapshots, as many states, and a spare one.
  private static let mostRows = 129

  /// Finds memory for rows in front of a loop for which there is memory for one row behind the loop.
  init(_ graph: RematerializationGraph, _ program: LoopProgram) {
    var memory: [(value: Int, step: Int, type: TensorType)] = []
    for (number, value) in graph.values.enumerated() {
      guard let first = value.uses.first, case .call(let call) = program.steps[first],
        call.callee == nil
      else { continue }
      memory.append((number, first, program.buffers[value.buffer.index].type))
    }
    for table in memory where table.type.rank > 0 {
      let row = TensorType(Array(table.type.shape.dropFirst()), table.type.element)
      let isFilled = memory.contains { other in
        other.type == row && other.step > table.step
          && program.steps[table.step..<other.step].contains(where: \.isLoop)
      }
      guard isFilled else { continue }
      tables[table.value] = Table(rowCount: table.type.shape[0], rowByteCount: row.byteCount)
    }
  }

  /// What all tables together take less than tables that no budget makes smaller.
  var missingByteCount: Int {
    tables.values.reduce(0) { $0.addingCapped($1.missingByteCount) }
  }
}
