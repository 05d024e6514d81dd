internal import Foundation
internal import TensorIR

// The format of Hugging Face's safetensors: the length of a header, the header, which is JSON with the
// type, shape and place of each tensor by name, and the elements.

extension TensorTree {
  /// Writes all tensors of the tree to a `.safetensors` file, under the paths to them, such as
  /// `layers[0].weight`; deferred operations run now.
  ///
  /// - Throws: `AdjointError` where a tensor failed, or naming the path where the file cannot be
  ///   written.
  public func write(safetensors path: String, file: String = #fileID, line: Int = #line) throws {
    let nodes = try Evaluation.known(
      try visitedNodes(), at: SourceLocation(file: file, line: line))
    let names = try TreeVerification.paths(in: self)
    let contents = try Safetensors.contents(names: names, nodes)
    do {
      try contents.write(to: URL(fileURLWithPath: path))
    } catch {
      throw AdjointError(
        .file, "the file cannot be written", at: SourceLocation(file: path, line: 0))
    }
  }

  /// Replaces all tensors of the tree by those of the same names in a `.safetensors` file.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be read or is malformed, or a
  ///   tensor is missing or has another type; the tree then is what it was.
  public mutating func read(safetensors path: String) throws {
    do {
      let stored = try Safetensors(path: path)
      let nodes = try zip(TreeVerification.paths(in: self), visitedNodes()).map {
        try stored.node(named: $0, $1.type)
      }
      var visitor = TensorVisitor(replacingWith: nodes)
      self = try visitor.replace(self)
    } catch let error as AdjointError {
      throw error.placed(at: SourceLocation(file: path, line: 0))
    }
  }
}

extension Dictionary where Key == String {
  /// Reads the tensors of a `.safetensors` file that have elements of type `Scalar`, by name; others are left
  /// out.
  ///
  /// - Throws: `AdjointError` naming the path where the file cannot be read or is malformed.
  public init<Scalar>(safetensors path: String) throws where Value == Tensor<Scalar> {
    do {
      self = try Safetensors(path: path).nodes(of: Scalar.elementType).mapValues { Tensor($0) }
    } catch let error as AdjointError {
      throw error.placed(at: SourceLocation(file: path, line: 0))
    }
  }
}

/// A `.safetensors` file, its elements read where they are used.
private struct Safetensors {
  /// A tensor of the header.
  struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// The whole file, mapped into memory.
  private let contents: Data
  /// The tensors by name.
  private let entries: [String: Entry]
  /// Where the elements start.
  private let start: Int

  init(path: String) throws {
    do {
      contents = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw AdjointError(.file, "the file cannot be read")
    }
    guard contents.count >= 8 else { throw AdjointError(.file, "the file has no header") }
    let length = contents.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(contents.count - 8) else {
      throw AdjointError(.file, "the header of \(length) bytes is longer than the file")
    }
    start = 8 + Int(length)
    let header = contents[8..<start]
    guard var fields = try? JSONDecoder().decode([String: Field].self, from: header) else {
      throw AdjointError(.file, "the header is malformed")
    }
    fields["__metadata__"] = nil
    entries = fields.compactMapValues(\.entry)
  }

  /// A field of the header: a tensor, or words about the file.
  private struct Field: Decodable {
    let entry: Entry?

    init(from decoder: any Decoder) throws { entry = try? Entry(from: decoder) }
  }

  /// All tensors with elements of a type.
  func nodes(of element: ElementType) throws -> [String: TensorNode] {
    var nodes: [String: TensorNode] = [:]
    for (name, entry) in entries where entry.dtype == element.safetensorsName {
      let type = TensorType(entry.shape, element)
      try type.requireSize()
      nodes[name] = try node(named: name, type)
    }
    return nodes
  }

  /// A tensor of the file as a known value.
  func node(named name: String, _ type: TensorType) throws -> TensorNode {
    guard let entry = entries[name] else {
      throw AdjointError(.file, "the file holds no tensor \(name)")
    }
    guard entry.shape == type.shape, entry.dtype == type.element.safetensorsName else {
      throw AdjointError(
        .file, "\(name) is \(entry.dtype) of shape \(entry.shape) instead of \(type)")
    }
    guard entry.offsets.count == 2, entry.offsets[0] >= 0,
      entry.offsets[1] <= contents.count - start,
      entry.offsets[1] - entry.offsets[0] == type.byteCount
    else { throw AdjointError(.file, "the place of \(name) does not fit the file") }
    return try TensorNode(type) { target in
      guard target.count > 0 else { return }
      contents[(start + entry.offsets[0])..<(start + entry.offsets[1])].copyBytes(to: target)
    }
  }

  /// The bytes of a file.
  static func contents(names: [String], _ nodes: [TensorNode]) throws -> Data {
    var (entries, place) = ([String: Entry](), 0)
    for (name, node) in zip(names, nodes) {
      let end = place + node.type.byteCount
      entries[name] = Entry(
        dtype: node.type.element.safetensorsName, shape: node.type.shape, offsets: [place, end])
      place = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var header = try? encoder.encode(entries) else {
      throw AdjointError(.file, "the header cannot be written")
    }
    while header.count % 8 != 0 { header.append(0x20) }
    var contents = Data()
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { contents.append(contentsOf: $0) }
    contents.append(header)
    for node in nodes { node.withUnsafeBytes { contents.append(contentsOf: $0) } }
    return contents
  }
}

extension ElementType {
  /// The type's name in a `.safetensors` file.
  fileprivate var safetensorsName: String {
    switch self {
    case .i1: "BOOL"
    case .i4, .u4, .i8: "I8"
    case .u8: "U8"
    case .i16: "I16"
    case .u16: "U16"
    case .i32: "I32"
    case .u32: "U32"
    case .i64: "I64"
    case .u64: "U64"
    case .f16: "F16"
    case .bf16: "BF16"
    case .f32: "F32"
    case .f64: "F64"
    case .c64: "C64"
    case .c128: "C128"
    }
  }
}
