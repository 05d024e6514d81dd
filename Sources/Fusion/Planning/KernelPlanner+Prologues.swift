internal import LoopIR
internal import Targets
internal import TensorIR

extension KernelPlanner {
  /// Whether a product computes a value that it is made of where it is loaded or packed, rather than
  /// have it computed into memory before.
  ///
  /// A value that is made of another product of its size is better stored by that product.
  func isBetterInlined(
    _ value: ValueID, in dot: ValueID, until isInMemory: (ValueID) -> Bool
  ) -> Bool {
    guard
      let shape = graph.contractionShape(dot, until: isInMemory, inlining: [value]),
      let plain = graph.contractionShape(dot, until: isInMemory)
    else { return false }
    let element = graph.type(dot).element
    let count = graph.type(value).count
    var cost = 0.0
    for (factor, other) in [(shape.left, plain.left), (shape.right, plain.right)] {
      guard other.reads.contains(where: { $0.value == value }) else { continue }
      guard factor.isExpression, !factor.reads.contains(where: { isProduct($0.value, of: count) })
      else { return false }
    }
    cost += shape.prologueCost(element, target) - plain.prologueCost(element, target)
    let weight = max(shape.left.weight, shape.right.weight)
    let products = max(productCounts[value, default: 1], 1)
    return cost <= storingCost(value, weight: weight) / Double(products)
  }

  private func isProduct(_ value: ValueID, of count: Int) -> Bool {
    contracts[value] != nil && graph.type(value).count == count
  }

  /// Roughly the cycles it takes to compute a value into memory and read it again.
  private func storingCost(_ value: ValueID, weight: Int) -> Double {
    let type = graph.type(value)
    let lanes = Double(target.lanes(ofBits: 8 * type.element.byteCount))
    let work = Double(type.count) * Double(weight) / lanes
    return work + 2 * Double(type.byteCount) / target.costs.bytesPerCycle
      + target.costs.kernelCycles
  }
}

extension Graph {
  /// For each value, how many products have it, or a renaming of it, as a factor.
  var productCounts: [ValueID: Int] {
    var counts: [ValueID: Int] = [:]
    for operation in function.operations {
      switch operation.op {
      case .dot, .convolution: break
      default: continue
      }
      var seen = Set<ValueID>()
      for operand in operation.operands {
        _ = base(of: operand) { value in
          seen.insert(value)
          return false
        }
      }
      for value in seen { counts[value, default: 0] += 1 }
    }
    return counts
  }
}

extension ContractionShape {
  /// Roughly the cycles that making factors takes besides multiplying them: the left factor once for
  /// each tile of columns, element by element, and the right one once for each block of rows where
  /// it is packed, else for each tile of rows, in vectors.
  func prologueCost(_ element: ElementType, _ target: TargetDescription) -> Double {
    let tiling = tiling(element, target)
    let repetitions = outer.reduce(1.0) { $0 * Double($1) }
    let tileColumns = tiling.vectors * tiling.width
    let blocks = tiling.blockShape(rows: rows, columns: columns)
    let columnTiles = (columns + tileColumns - 1) / tileColumns
    let rowParts =
      tiling.panelDepth == nil ? (rows + tiling.rows - 1) / tiling.rows : blocks.rows
    let leftElements = Double(rows) * Double(terms) * Double(columnTiles)
    let vectors = Double(columns) * Double(terms) * Double(rowParts) / Double(tiling.width)
    func work(_ factor: Factor) -> Double {
      // What does not depend on depth, such as where a looked-up row starts, is found once for a row.
      let reads = factor.reads.count { $0.depth != 0 }
      return factor.isExpression ? Double(factor.weight + max(reads - 1, 0)) : 0
    }
    let packing = tiling.panelDepth == nil ? 0 : CostModel.Sharing.packingWeight
    return repetitions
      * (leftElements * work(left) * CostModel.Sharing.scalarCycles + vectors
        * (work(right) + packing))
  }
}
