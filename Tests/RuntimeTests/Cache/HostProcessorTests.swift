import LLVMBridge
import Targets
import TestSupport
import Testing

@testable import Runtime

/// The description of the processor that outlives a process.
@Suite struct HostProcessorTests {
  private let folder: TemporaryFolder
  private let disk: DiskCache

  init() throws {
    folder = try TemporaryFolder()
    disk = try #require(DiskCache(directory: folder.path, byteLimit: 1 << 20))
  }

  @Test func isWhatLLVMSays() throws {
    for _ in 0..<2 {
      #expect(HostProcessor.described(in: disk, processor: 1) == .host)
      #expect(folder.files.count == 1)
    }
    #expect(HostProcessor.described(in: disk, processor: 2) == .host)
    #expect(folder.files.count == 2 && disk.takeNotes().isEmpty)
    #expect(HostProcessor.description == .host)
  }

  /// What stands there is used, and nothing else is asked.
  @Test func isReadBack() throws {
    _ = HostProcessor.described(in: disk, processor: 1)
    var writer = ByteWriter()
    for text in ["x86_64-test", "a processor", "+avx2,+fma"] { writer.write(text) }
    disk.keep(writer.bytes, .processor, HostProcessor.key(1))
    let description = HostProcessor.described(in: disk, processor: 1)
    #expect(description.cpu == "a processor" && description.has("fma"))
  }

  @Test(arguments: [0, 8, 17]) func nonsenseIsReplaced(length: Int) throws {
    disk.keep([UInt8](repeating: 3, count: length), .processor, HostProcessor.key(1))
    #expect(HostProcessor.described(in: disk, processor: 1) == .host)
    let notes = disk.takeNotes()
    #expect(notes.count == 1 && notes[0].hasSuffix(": it describes no processor"), "\(notes)")
    #expect(HostProcessor.described(in: disk, processor: 1) == .host)
    #expect(disk.takeNotes().isEmpty)
  }

  /// The same processor says the same on each core.
  @Test func processorsSayTheSame() async throws {
    let digests = await withTaskGroup(of: UInt64?.self) { group in
      for _ in 0..<64 { group.addTask { LLVMLibrary.processorDigest } }
      return await group.reduce(into: Set<UInt64?>()) { $0.insert($1) }
    }
    #expect(digests.count == 1)
  }
}
