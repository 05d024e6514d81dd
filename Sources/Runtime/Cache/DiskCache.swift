#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// Code that this and earlier processes compiled, in files of one directory.
///
/// An entry is one file: a header that names its kind and key, a checksum, and the contents. It is
/// written aside and renamed, so that other processes see all of it or nothing. What does not belong
/// to the user alone, is not whole, or is not what its name says is removed and never used. Files
/// that were not used for longest go when all together take more than the limit.
package final class DiskCache: Sendable {
  /// What an entry holds.
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// The object file of a kernel.
    case kernel = 1
    /// A whole program: its object files, and what calls need to know.
    case program = 2
    /// What LLVM says of a processor.
    case processor = 3

    /// How names of files end.
    var suffix: String {
      switch self {
      case .kernel: "kernel"
      case .program: "program"
      case .processor: "processor"
      }
    }
  }

  /// The directory of the files.
  package let directory: String
  /// How many bytes the files may take together.
  package let byteLimit: Int
  /// Who a file belongs to.
  private let owner: @Sendable (stat) -> uid_t
  /// What was found wrong, oldest first.
  private let complaints = Mutex<[String]>([])
  /// Bytes written since the sizes of all files were added up.
  private let unaccounted = Atomic<Int>(0)
  /// Numbers the files written aside.
  private let nextNumber = Atomic<Int>(0)

  /// Opens the cache in a directory, which is made if need be and closed to other users.
  ///
  /// Nil where there can be no such directory, or it is not the user's.
  package convenience init?(directory: String, byteLimit: Int) {
    self.init(directory: directory, byteLimit: byteLimit) { $0.st_uid }
  }

  /// The same, where `owner` says who a file belongs to.
  init?(directory: String, byteLimit: Int, owner: @escaping @Sendable (stat) -> uid_t) {
    guard directory.hasPrefix("/"), geteuid() == getuid(), Self.prepare(directory, owner) else {
      return nil
    }
    self.directory = directory
    self.byteLimit = byteLimit
    self.owner = owner
  }

  /// What was found wrong since the last time, oldest first.
  package func takeNotes() -> [String] {
    complaints.withLock { list in
      defer { list = [] }
      return list
    }
  }

  /// Makes a directory, and those it stands in, with access for nobody else.
  private static func prepare(_ directory: String, _ owner: (stat) -> uid_t) -> Bool {
    var parts = directory.split(separator: "/")
    var information = stat()
    if stat(directory, &information) != 0 {
      var path = ""
      while !parts.isEmpty {
        path += "/" + parts.removeFirst()
        guard mkdir(path, 0o700) == 0 || errno == EEXIST || !parts.isEmpty else { return false }
      }
      guard stat(directory, &information) == 0 else { return false }
    }
    guard information.st_mode & S_IFMT == S_IFDIR, owner(information) == geteuid() else {
      return false
    }
    return information.st_mode & 0o077 == 0 || chmod(directory, 0o700) == 0
  }

  // MARK: Entries

  /// The contents of an entry; nil where there is none that can be trusted.
  package func contents(_ kind: Kind, _ key: Digest) -> [UInt8]? {
    let path = path(kind, key)
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno != ENOENT { reject(path, "it cannot be opened") }
      return nil
    }
    defer { close(file) }
    var information = stat()
    guard fstat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      return reject(path, "it is no file")
    }
    guard owner(information) == geteuid() else { return reject(path, "it is another user's") }
    guard information.st_mode & 0o022 == 0 else { return reject(path, "others may write it") }
    let count = Int(information.st_size)
    guard count >= EntryHeader.byteCount, count <= byteLimit else {
      return reject(path, "its size is wrong")
    }
    guard let bytes = Self.read(file, count) else { return reject(path, "it cannot be read") }
    guard let contents = EntryHeader(kind, key).contents(of: bytes) else {
      return reject(path, "its contents are damaged")
    }
    futimens(file, nil)
    return contents
  }

  /// Writes an entry, in place of one that is there.
  package func keep(_ contents: [UInt8], _ kind: Kind, _ key: Digest) {
    guard contents.count + EntryHeader.byteCount <= byteLimit / 4 else { return }
    let number = nextNumber.wrappingAdd(1, ordering: .relaxed).oldValue
    let aside = "\(directory)/\(Self.asidePrefix)\(getpid()).\(number)"
    let file = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return note("\(aside) cannot be written") }
    let bytes = EntryHeader(kind, key).bytes(before: contents) + contents
    let isWritten = Self.write(bytes, to: file)
    guard close(file) == 0, isWritten, rename(aside, path(kind, key)) == 0 else {
      unlink(aside)
      return note("\(aside) cannot be written")
    }
    let written = unaccounted.wrappingAdd(bytes.count, ordering: .relaxed).newValue
    // Processes that write little add up sizes now and then, whichever key it happens to be.
    if written > byteLimit / 16 || key.bytes[0] < 8 { evict() }
  }

  /// Removes an entry that means nothing to whoever asked for it.
  package func reject(_ kind: Kind, _ key: Digest, because reason: String) {
    reject(path(kind, key), reason)
  }

  /// The file of an entry.
  package func path(_ kind: Kind, _ key: Digest) -> String {
    "\(directory)/\(key).\(kind.suffix)"
  }

  /// Removes a file, and notes why.
  @discardableResult
  private func reject(_ path: String, _ reason: String) -> [UInt8]? {
    unlink(path)
    note("\(path) was not used: \(reason)")
    return nil
  }

  private func note(_ text: String) {
    complaints.withLock { if $0.count < Self.noteLimit { $0.append(text) } }
  }

  /// Further complaints are dropped.
  private static let noteLimit = 100
  /// How names of files start that are not yet entries.
  private static let asidePrefix = "new."

  // MARK: Files

  /// So many bytes of a file.
  private static func read(_ file: Int32, _ count: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        #if canImport(Glibc)
          let more = Glibc.read(file, base + filled, count - filled)
        #else
          let more = Darwin.read(file, base + filled, count - filled)
        #endif
        guard more > 0 else { return }
        filled += more
      }
    }
    return bytes.count == count ? bytes : nil
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count, let base = buffer.baseAddress {
        #if canImport(Glibc)
          let more = Glibc.write(file, base + done, buffer.count - done)
        #else
          let more = Darwin.write(file, base + done, buffer.count - done)
        #endif
        guard more > 0 else { return false }
        done += more
      }
      return true
    }
  }

  // MARK: Eviction

  /// A file of the directory.
  private struct File {
    var path: String
    var byteCount: Int
    var lastUse: Int
    var isAside: Bool
  }

  /// Removes the files not used for longest, until there is room again, and what processes that
  /// ended early left aside.
  private func evict() {
    unaccounted.store(0, ordering: .relaxed)
    let now = Int(time(nil))
    var files = files()
    for file in files where file.isAside && file.lastUse < now - Self.asideSeconds {
      unlink(file.path)
    }
    var total = files.reduce(0) { $0 + $1.byteCount }
    guard total > byteLimit else { return }
    files.sort { ($0.lastUse, $0.path) < ($1.lastUse, $1.path) }
    for file in files where !file.isAside {
      if total <= byteLimit / 8 * 7 { return }
      unlink(file.path)
      total -= file.byteCount
    }
  }

  /// Files aside that are older than this have no writer any more.
  private static let asideSeconds = 3600

  /// The files of the directory that are the cache's.
  private func files() -> [File] {
    guard let listing = opendir(directory) else { return [] }
    defer { closedir(listing) }
    var files: [File] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let isAside = name.hasPrefix(Self.asidePrefix)
      guard isAside || Kind.allCases.contains(where: { name.hasSuffix("." + $0.suffix) }) else {
        continue
      }
      var information = stat()
      let path = "\(directory)/\(name)"
      guard lstat(path, &information) == 0 else { continue }
      #if canImport(Glibc)
        let time = information.st_mtim
      #else
        let time = information.st_mtimespec
      #endif
      files.append(
        File(
          path: path, byteCount: Int(information.st_size),
          lastUse: isAside
            ? Int(time.tv_sec) : Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec),
          isAside: isAside))
    }
    return files
  }
}

/// What stands before the contents of an entry.
private struct EntryHeader {
  let kind: DiskCache.Kind
  let key: Digest

  init(_ kind: DiskCache.Kind, _ key: Digest) {
    self.kind = kind
    self.key = key
  }

  /// The name of the format; another layout gets another name.
  private static let name = Array("ADJCODE1".utf8)
  /// How many bytes the header has: name, kind, key, size and digest of the contents.
  static let byteCount = 8 + 8 + Digest.byteCount + 8 + Digest.byteCount

  /// The header as bytes.
  func bytes(before contents: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(Int(kind.rawValue))
    let kind = writer.bytes
    writer = ByteWriter()
    writer.write(contents.count)
    return Self.name + kind + key.bytes + writer.bytes + Digest(contents).bytes
  }

  /// The contents behind the header, where all of it is as it was written.
  func contents(of file: [UInt8]) -> [UInt8]? {
    guard file.count >= Self.byteCount else { return nil }
    let contents = Array(file[Self.byteCount...])
    return Array(file[..<Self.byteCount]) == bytes(before: contents) ? contents : nil
  }
}
