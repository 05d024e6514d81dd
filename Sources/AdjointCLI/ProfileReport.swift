import Adjoint

/// What `adjoint bench --profile` prints.
struct ProfileReport {
  /// Calls that are timed.
  private static let repeatRange = 5...1000
  /// Source lines shown for a kernel in the table.
  private static let shownSources = 3

  /// The kernels, in execution order.
  let kernels: [KernelProfile]

  /// Profiles a program with about as many calls as fit into a second.
  init(_ program: CompiledProgram, arguments: [TensorData], microseconds: Double) throws {
    let fitting = Int((1e6 / max(microseconds, 1)).rounded())
    kernels = try program.profile(
      arguments,
      repeats: min(max(fitting, Self.repeatRange.lowerBound), Self.repeatRange.upperBound))
  }

  /// An array of JSON objects.
  var json: String {
    let objects = kernels.map { kernel in
      let sources = kernel.sources.map { Self.quoted($0.description) }.joined(separator: ", ")
      let fields = [
        "\"kernel\": " + Self.quoted(kernel.name),
        "\"sources\": [\(sources)]",
        "\"ns_min\": " + kernel.minimumNanoseconds.fixed(1),
        "\"ns_mean\": " + kernel.meanNanoseconds.fixed(1),
        "\"ns_bound\": " + kernel.boundNanoseconds.fixed(1),
        "\"bytes\": \(kernel.byteCount)",
        "\"flops\": \(kernel.flops)",
        "\"gb_per_s\": " + kernel.gigabytesPerSecond.fixed(3),
        "\"gflop_per_s\": " + kernel.gigaflopsPerSecond.fixed(3),
        "\"roofline\": " + kernel.rooflineFraction.fixed(4),
      ]
      return "{" + fields.joined(separator: ", ") + "}"
    }
    return "[" + objects.joined(separator: ", ") + "]"
  }

  /// A table with a line for each kernel and one for all.
  var table: String {
    let header = [
      "kernel", "us min", "us mean", "share", "KB", "kflop", "GB/s", "GF/s", "roofline",
    ]
    let total = kernels.reduce(0) { $0 + $1.minimumNanoseconds }
    var rows = kernels.map { kernel in
      [
        kernel.name, (kernel.minimumNanoseconds / 1e3).fixed(2),
        (kernel.meanNanoseconds / 1e3).fixed(2),
        (100 * kernel.minimumNanoseconds / max(total, 1)).fixed(1) + " %",
        (Double(kernel.byteCount) / 1e3).fixed(1), (Double(kernel.flops) / 1e3).fixed(1),
        kernel.gigabytesPerSecond.fixed(1), kernel.gigaflopsPerSecond.fixed(1),
        (100 * kernel.rooflineFraction).fixed(0) + " %",
      ]
    }
    let bytes = kernels.reduce(0) { $0 + Double($1.byteCount) }
    let flops = kernels.reduce(0) { $0 + Double($1.flops) }
    let mean = kernels.reduce(0) { $0 + $1.meanNanoseconds }
    let bound = kernels.reduce(0) { $0 + $1.boundNanoseconds }
    rows.append([
      "all", (total / 1e3).fixed(2), (mean / 1e3).fixed(2), "", (bytes / 1e3).fixed(1),
      (flops / 1e3).fixed(1), (bytes / max(total, 1)).fixed(1), (flops / max(total, 1)).fixed(1),
      (100 * bound / max(total, 1)).fixed(0) + " %",
    ])
    let sources = kernels.map { Self.shortened($0.sources) } + [""]
    let widths = header.indices.map { column in
      (rows + [header]).map { $0[column].count }.max() ?? 0
    }
    let lines = zip([header] + rows, ["sources"] + sources).map { row, source in
      let cells = row.indices.map { column in
        column == 0
          ? row[column].padded(to: widths[column]) : row[column].leftPadded(to: widths[column])
      }
      return (cells.joined(separator: "  ") + (source.isEmpty ? "" : "  " + source))
    }
    return lines.joined(separator: "\n")
  }

  /// The first source lines, and how many there are more.
  private static func shortened(_ sources: [SourceLocation]) -> String {
    let rest = sources.count - shownSources
    let shown = sources.prefix(shownSources).map { source in
      "\(source.file.split(separator: "/").last ?? ""):\(source.line)"
    }
    return shown.joined(separator: ", ")
      + (rest > 0 ? " and \(rest) more" : "")
  }

  /// A string in JSON.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
