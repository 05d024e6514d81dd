#if os(Linux)
  internal import Glibc
  internal import Synchronization
#endif

extension SourceLocation {
  /// The place in Swift code to which a call returns, as the address of machine code: nothing is looked up
  /// before the place is needed.
  package init(callSite: UInt) {
    self = .unknown
    self.callSite = callSite
  }

  /// This place, with the more precise one of `site` where that can be found.
  package func refined(by site: SourceLocation) -> SourceLocation {
    guard site.callSite != 0 else { return self }
    var place = self
    place.callSite = site.callSite
    return place
  }

  /// The place in source code, which is looked up in the line table of the running program where what is
  /// known is the address of its code. Without a line table, as in stripped programs, and on macOS, this
  /// is what is known besides.
  package var resolved: SourceLocation {
    guard callSite != 0 else { return self }
    var place = self
    place.callSite = 0
    guard let found = CallSites.place(of: callSite) else { return place }
    // The file as `#fileID` has it, which cannot be told from a path alone.
    place.file =
      file.split(separator: "/").last == found.path.split(separator: "/").last
      ? file : CallSites.fileID(ofPath: found.path)
    place.line = found.line
    place.column = 0
    return place
  }
}

/// Places in source code by addresses of machine code.
enum CallSites {
  /// This package's sources: operations that they make have the place of the user's call.
  private static let ownSources = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/"
  }()

  /// Whether a file is one that the user wrote, neither of this package nor what a macro expanded to.
  private static func isUsersSource(_ path: String) -> Bool {
    !path.isEmpty && !path.hasPrefix(ownSources) && !path.contains("@__swiftmacro")
  }

  /// Module and file, taking the folder below `Sources` or `Tests` for the module's name.
  static func fileID(ofPath path: String) -> String {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return path }
    guard let root = parts.dropLast(2).lastIndex(where: { $0 == "Sources" || $0 == "Tests" })
    else { return parts.suffix(2).joined(separator: "/") }
    return "\(parts[root + 1])/\(name)"
  }

  #if os(Linux)
    /// What was looked up.
    private struct State {
      var tables: [String: LineTable?] = [:]
      var places: [UInt: (path: String, line: Int)?] = [:]
    }

    private static let state = Mutex(State())

    /// The path and line of the call that returns to an address; nil where it cannot be told, and for calls
    /// in this package.
    static func place(of address: UInt) -> (path: String, line: Int)? {
      state.withLock { state in
        if let known = state.places[address] { return known }
        var place: (path: String, line: Int)?
        // The address is behind the call.
        if let (path, offset) = loadedFile(at: address - 1) {
          if state.tables[path] == nil { state.tables[path] = .some(LineTable(path: path)) }
          place = state.tables[path]??.place(atOffset: offset)
        }
        if let found = place, !isUsersSource(found.path) { place = nil }
        state.places[address] = .some(place)
        return place
      }
    }

    /// The file whose code is at an address, and where in the file.
    private static func loadedFile(at address: UInt) -> (path: String, offset: UInt)? {
      guard let maps = fopen("/proc/self/maps", "r") else { return nil }
      defer { fclose(maps) }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(line) }
      while getline(&line, &capacity, maps) > 0, let text = line {
        // start-end permissions offset device inode path
        let fields = String(cString: text).split(maxSplits: 5, whereSeparator: \.isWhitespace)
        let range = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard fields.count == 6, range.count == 2, range[0] <= address, address < range[1],
          let offset = UInt(fields[2], radix: 16)
        else { continue }
        let path = fields[5].drop { $0 == " " }.prefix { !$0.isNewline }
        return path.hasPrefix("/") ? (String(path), address - range[0] + offset) : nil
      }
      return nil
    }
  #else
    /// Nil: line tables are kept apart from programs here.
    static func place(of address: UInt) -> (path: String, line: Int)? { nil }
  #endif
}
