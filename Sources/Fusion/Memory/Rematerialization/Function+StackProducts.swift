internal import TensorIR

extension Function {
  /// The products that only make stacks of which some scans take slices, by what they make: a row for each step
  /// from a row of the left factor, which is no larger and stands in memory whatever becomes of the product.
  func stackProducts(of scans: [Operation]) -> [ValueID: Operation] {
    let (definitions, uses) = (definitions(), useCounts())
    var slices: [ValueID: Int] = [:]
    for operation in scans {
      guard case .scan(let scan) = operation.op else { continue }
      for stack in operation.operands[scan.carryRange.upperBound...] {
        slices[stack, default: 0] += 1
      }
    }
    let stored = storedValues
    var products: [ValueID: Operation] = [:]
    for (stack, count) in slices where uses[stack.index] == count {
      guard let position = definitions[stack.index],
        case .dot(let dimensions) = operations[position].op,
        dimensions.leftBatching.isEmpty, !dimensions.leftContracting.contains(0)
      else { continue }
      let left = operations[position].operands[0]
      if stored.contains(left), self[left].byteCount <= self[stack].byteCount {
        products[stack] = operations[position]
      }
    }
    return products
  }

  /// Values that stand in memory however the function is cut into kernels: arguments and rows of them, results
  /// of products and loops, and what loops take slices of.
  private var storedValues: Set<ValueID> {
    let definitions = definitions()
    var stored = Set(parameters)
    for operation in operations {
      switch operation.op {
      case .dot, .whileLoop, .branch: stored.formUnion(operation.results)
      case .shape(.slice):
        if stored.contains(operation.operands[0]) { stored.formUnion(operation.results) }
      case .scan(let scan):
        stored.formUnion(operation.results)
        for stack in operation.operands[scan.carryRange.upperBound...] {
          stored.insert(stack)
          guard let position = definitions[stack.index],
            case .shape(.reshape) = operations[position].op
          else { continue }
          stored.insert(operations[position].operands[0])
        }
      case _: break
      }
    }
    return stored
  }
}
