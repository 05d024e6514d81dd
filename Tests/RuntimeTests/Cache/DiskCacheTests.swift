import Foundation
import TestSupport
import Testing

@testable import Runtime

/// Entries of the cache on disk: they come back as they were, or not at all.
@Suite struct DiskCacheTests {
  private let folder: TemporaryFolder
  private let cache: DiskCache
  private let contents = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  private let key = Digest("a key")

  init() throws {
    folder = try TemporaryFolder()
    cache = try #require(DiskCache(directory: folder.path + "/a/b", byteLimit: 1 << 20))
    cache.keep(contents, .kernel, key)
  }

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  /// Expects that the entry is not used, is gone, and was complained about, and that it can be written
  /// again.
  private func expectRejected(_ reason: String) throws {
    #expect(cache.contents(.kernel, key) == nil)
    #expect(!FileManager.default.fileExists(atPath: cache.path(.kernel, key)))
    let notes = cache.takeNotes()
    #expect(notes.count == 1 && notes[0].hasSuffix(": \(reason)"), "\(notes)")
    #expect(cache.takeNotes().isEmpty)
    cache.keep(contents, .kernel, key)
    #expect(cache.contents(.kernel, key) == contents)
  }

  @Test func entriesComeBack() throws {
    #expect(cache.contents(.kernel, key) == contents)
    #expect(cache.contents(.program, key) == nil)
    #expect(cache.contents(.kernel, Digest("another key")) == nil)
    cache.keep([], .program, key)
    #expect(cache.contents(.program, key) == [])
    #expect(cache.contents(.kernel, key) == contents)
    #expect(cache.takeNotes().isEmpty)
  }

  @Test func nobodyElseHasAccess() throws {
    #expect(try mode(cache.directory) == 0o700)
    #expect(try mode(folder.path + "/a") == 0o700)
    #expect(try mode(cache.path(.kernel, key)) == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.directory).count == 1)
  }

  @Test func aLooseDirectoryIsClosed() throws {
    #expect(chmod(cache.directory, 0o777) == 0)
    let again = try #require(DiskCache(directory: cache.directory, byteLimit: 1 << 20))
    #expect(try mode(cache.directory) == 0o700)
    #expect(again.contents(.kernel, key) == contents)
  }

  @Test(arguments: ["relative", "", "/dev/null", "/dev/null/below"])
  func placesThatAreNoDirectories(path: String) {
    #expect(DiskCache(directory: path, byteLimit: 1 << 20) == nil)
  }

  @Test func truncatedEntries() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: cache.path(.kernel, key)))
    for count in [0, 1, 50, 87, 88, whole.count - 1] {
      try whole.prefix(count).write(to: URL(fileURLWithPath: cache.path(.kernel, key)))
      #expect(chmod(cache.path(.kernel, key), 0o600) == 0)
      try expectRejected(count < 88 ? "its size is wrong" : "its contents are damaged")
    }
    try (whole + [0]).write(to: URL(fileURLWithPath: cache.path(.kernel, key)))
    #expect(chmod(cache.path(.kernel, key), 0o600) == 0)
    try expectRejected("its contents are damaged")
  }

  @Test func damagedEntries() throws {
    let path = cache.path(.kernel, key)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in [0, 7, 8, 15, 16, 47, 48, 55, 56, 87, 88, 500, whole.count - 1] {
      var damaged = whole
      damaged[place] ^= 0x10
      try damaged.write(to: URL(fileURLWithPath: path))
      #expect(chmod(path, 0o600) == 0)
      try expectRejected("its contents are damaged")
    }
  }

  @Test func entriesUnderAnotherKeyOrKind() throws {
    let other = Digest("another key")
    cache.keep([1, 2, 3], .kernel, other)
    #expect(rename(cache.path(.kernel, other), cache.path(.kernel, key)) == 0)
    try expectRejected("its contents are damaged")
    cache.keep([1, 2, 3], .program, key)
    #expect(rename(cache.path(.program, key), cache.path(.kernel, key)) == 0)
    try expectRejected("its contents are damaged")
  }

  @Test(arguments: [mode_t(0o620), 0o602, 0o666])
  func entriesThatOthersMayWrite(mode: mode_t) throws {
    #expect(chmod(cache.path(.kernel, key), mode) == 0)
    try expectRejected("others may write it")
  }

  /// An entry, or the whole folder, that is another user's; the superuser can make real ones.
  @Test func whatAnotherUserOwns() throws {
    let (directory, limit) = (cache.directory, cache.byteLimit)
    #expect(DiskCache(directory: directory, byteLimit: limit) { $0.st_uid + 1 } == nil)
    let foreign = try #require(
      DiskCache(directory: directory, byteLimit: limit) {
        $0.st_mode & S_IFMT == S_IFDIR ? $0.st_uid : $0.st_uid + 1
      })
    #expect(foreign.contents(.kernel, key) == nil)
    #expect(
      foreign.takeNotes() == [
        "\(cache.path(.kernel, key)) was not used: it is another user's"
      ])
    #expect(!FileManager.default.fileExists(atPath: cache.path(.kernel, key)))
    guard geteuid() == 0 else { return }
    cache.keep(contents, .kernel, key)
    #expect(chown(cache.path(.kernel, key), 1, 1) == 0)
    try expectRejected("it is another user's")
    #expect(chown(directory, 1, 1) == 0)
    #expect(DiskCache(directory: directory, byteLimit: limit) == nil)
  }

  /// A thousand flips of a bit, wherever they fall in the file.
  @Test func flippedBits() throws {
    var random = SplitMix64(seed: 23)
    let contents = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = cache.path(.kernel, key)
    var places = Set<Int>()
    for _ in 0..<1000 {
      cache.keep(contents, .kernel, key)
      let file = open(path, O_RDWR)
      defer { close(file) }
      let place = off_t(random.next() % UInt64(contents.count + 88))
      places.insert(Int(place))
      var byte = UInt8(0)
      #expect(pread(file, &byte, 1, place) == 1)
      byte ^= 1 << UInt8(random.next() % 8)
      #expect(pwrite(file, &byte, 1, place) == 1)
      #expect(cache.contents(.kernel, key) == nil, "a bit of byte \(place)")
    }
    #expect(places.count > 250)
    // Complaints are counted up to a hundred.
    let notes = cache.takeNotes()
    #expect(notes.count == 100 && notes.allSatisfy { $0.hasSuffix(": its contents are damaged") })
    cache.keep(contents, .kernel, key)
    #expect(cache.contents(.kernel, key) == contents)
  }

  @Test func linksAndDirectories() throws {
    let path = cache.path(.kernel, key)
    let aside = folder.path + "/aside"
    #expect(rename(path, aside) == 0)
    #expect(symlink(aside, path) == 0)
    try expectRejected("it cannot be opened")
    #expect(FileManager.default.fileExists(atPath: aside))
    unlink(path)
    #expect(mkfifo(path, 0o600) == 0)
    try expectRejected("it is no file")
  }

  @Test func whatWasNotUsedForLongestGoes() throws {
    let small = try #require(DiskCache(directory: folder.path + "/small", byteLimit: 16 << 10))
    let keys = (0..<100).map { Digest("key \($0)") }
    for (number, key) in keys.enumerated() {
      small.keep(contents, .kernel, key)
      if number > 0 { #expect(small.contents(.kernel, keys[0]) == contents) }
    }
    let kept = keys.indices.filter { small.contents(.kernel, keys[$0]) != nil }
    #expect(kept.count >= 10 && kept.count <= 17)
    #expect(kept.first == 0 && kept.dropFirst().allSatisfy { $0 > 80 })
    // What is too large for the whole cache is not kept.
    small.keep([UInt8](repeating: 0, count: 8 << 10), .kernel, self.key)
    #expect(small.contents(.kernel, self.key) == nil)
  }

  @Test func writersAtTheSameTime() async throws {
    let keys = (0..<4).map { Digest("shared \($0)") }
    let cache = cache
    await withTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          var wrong = 0
          for round in 0..<25 {
            let number = (task + round) % keys.count
            let contents = [UInt8](repeating: UInt8(number), count: 5000)
            cache.keep(contents, .program, keys[number])
            if let found = cache.contents(.program, keys[number]), found != contents { wrong += 1 }
          }
          return wrong
        }
      }
      for await wrong in group { #expect(wrong == 0) }
    }
    #expect(cache.takeNotes().isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: cache.directory)
    #expect(names.count == 5)
  }
}
