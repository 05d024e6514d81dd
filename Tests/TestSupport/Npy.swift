import Foundation
import TensorIR

/// Reads a tensor from a NumPy file of version 1 or 2: little-endian, in row-major order.
///
/// - Throws: `AdjointError` where the file cannot be read or holds something else.
package func readNpy(_ path: String) throws -> Literal {
  func failure(_ message: String) -> AdjointError {
    AdjointError(.file, message, at: SourceLocation(file: path, line: 0))
  }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw failure("cannot be read")
  }
  let bytes = [UInt8](data)
  guard bytes.count >= 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
    throw failure("is not a NumPy file")
  }
  let isLong = bytes[6] > 1
  let sizeBytes = isLong ? bytes[8..<12] : bytes[8..<10]
  let headerSize = sizeBytes.reversed().reduce(0) { $0 * 256 + Int($1) }
  let start = (isLong ? 12 : 10) + headerSize
  guard bytes.count >= start else { throw failure("ends inside its header") }
  let header = String(decoding: bytes[(start - headerSize)..<start], as: UTF8.self)
  guard let type = npyType(header) else { throw failure("has an unknown header: \(header)") }
  guard bytes.count - start == type.byteCount else { throw failure("does not hold a \(type)") }
  return Literal(type, bytes: Array(bytes[start...]))
}

/// The type that a NumPy header describes.
private func npyType(_ header: String) -> TensorType? {
  let elements: [String: ElementType] = [
    "<f4": .f32, "<f8": .f64, "<i4": .i32, "<i8": .i64, "|b1": .i1,
  ]
  guard
    let spelled = header.firstMatch(of: /'descr':\s*'([^']*)'/)?.1,
    let element = elements[String(spelled)],
    header.contains(/'fortran_order':\s*False/),
    let extents = header.firstMatch(of: /'shape':\s*\(([^)]*)\)/)?.1
  else { return nil }
  let words = extents.split { $0 == "," || $0 == " " }
  let shape = words.compactMap { Int($0) }
  return shape.count == words.count ? TensorType(shape, element) : nil
}
