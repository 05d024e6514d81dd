internal import LLVMBridge
package import Targets

/// The processor of this process, which LLVM describes, and files of earlier processes without it.
package enum HostProcessor {
  /// The description.
  package static let description: TargetDescription =
    LLVMLibrary.processorDigest.flatMap { digest in
      CodeCache.standard.disk.map { described(in: $0, processor: digest) }
    } ?? .host

  /// The description in a cache, which is written where it is not there.
  ///
  /// - Parameter processor: What the processor says of itself.
  static func described(in disk: DiskCache, processor: UInt64) -> TargetDescription {
    let key = key(processor)
    if let bytes = disk.contents(.processor, key) {
      if let description = TargetDescription(bytes: bytes) { return description }
      disk.reject(.processor, key, because: "it describes no processor")
    }
    let description = TargetDescription.host
    // What stands in for a library that is not there is not kept.
    if LLVMLibrary.isLoaded { disk.keep(description.bytes, .processor, key) }
    return description
  }

  /// What the description is found by.
  static func key(_ processor: UInt64) -> Digest {
    Digest("adjoint processor 1, LLVM \(LLVMLibrary.identity), \(processor)")
  }
}

extension TargetDescription {
  /// All that the description follows from.
  fileprivate var bytes: [UInt8] {
    var writer = ByteWriter()
    for text in [triple, cpu, features] { writer.write(text) }
    return writer.bytes
  }

  /// A description from `bytes`.
  fileprivate init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes[...])
    guard let triple = reader.text(), let cpu = reader.text(), let features = reader.text(),
      reader.isAtEnd
    else { return nil }
    self.init(triple: triple, cpu: cpu, features: features)
  }
}
