internal import LoopIR
internal import TensorIR

extension Kernel {
  /// A loop over the rows of a strip that adds into memory along each row, with the rows inside, so
  /// that memory is read and written once for the strip.
  ///
  ///     serial i in strip { t = l1[i-strip*16]; vector j { y[j] += t*x[i,j] } }
  ///
  /// becomes
  ///
  ///     vector j { acc s; serial i in strip { t = l1[i-strip*16]; s += t*x[i,j] }; y[j] += s }
  ///
  /// - Requires: the body defines scalars and ends with a loop for which `addsColumns` holds.
  mutating func summingColumns(_ rows: Loop) -> Loop {
    guard case .loop(var columns) = rows.body.last else {
      preconditionFailure("a loop over columns ends the body")
    }
    var inner = rows
    inner.body.removeLast()
    var varying = Set(inner.body.flatMap(\.definedScalars))
    var (before, after) = ([Node](), [Node]())
    for node in columns.body {
      switch node {
      case .define(let scalar, let expression):
        var varies = false
        expression.forEachInput(index: { varies = varies || $0.uses(rows.variable) }) { _ in }
        node.forEachOwnScalar { varies = varies || varying.contains($0) }
        if varies {
          varying.insert(scalar)
          inner.body.append(node)
        } else {
          before.append(node)
        }
      case .store(let store):
        guard let kind = store.combining else { preconditionFailure("stores add") }
        let (inside, behind) = replacing(store, kind, in: &inner)
        inner.body.append(inside)
        after.append(.store(behind))
      case .accumulate, .loop, .contract: preconditionFailure("columns only add")
      }
    }
    columns.body = before + [.loop(inner)] + after
    return columns
  }
}

extension Loop {
  /// Whether the loop adds along rows in lanes into buffers, so that it may stand around the rows.
  func addsColumns(besides rows: VariableID) -> Bool {
    guard case .vector = schedule, maySum(across: rows).isGranted else { return false }
    return combiningStores.allSatisfy { if case .slot = $0.memory { true } else { false } }
  }
}
