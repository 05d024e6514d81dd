internal import Foundation

extension FourierTransform {
  /// cos and sin of 2π·k/n, each within an ULP: from an angle of at most an eighth of a turn.
  ///
  /// - Requires: 0 ≤ `index` < `count`.
  package static func root(_ index: Int, of count: Int) -> (cosine: Double, sine: Double) {
    // In eighths of a turn: 8k/n = octant + rest/n.
    let (octant, rest) = (8 * index).quotientAndRemainder(dividingBy: count)
    let isOdd = octant % 2 == 1
    let angle = Double.pi / 4 * (Double(isOdd ? count - rest : rest) / Double(count))
    let (c, s) = (cos(angle), sin(angle))
    switch octant {
    case 0: return (c, s)
    case 1: return (s, c)
    case 2: return (-s, c)
    case 3: return (-c, s)
    case 4: return (-c, -s)
    case 5: return (-s, -c)
    case 6: return (s, -c)
    default: return (c, -s)
    }
  }
}
