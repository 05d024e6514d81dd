internal import TensorIR

extension MemoryReport {
  /// The report as comments behind the text of a planned function: what became of each value, and how
  /// many bytes are in use over the execution.
  var comments: String {
    guard !values.isEmpty || arenaByteCount > 0 else { return "" }
    var lines = [
      "arena \(arenaByteCount) bytes; \(saveAllByteCount) where nothing is computed again",
      "saved \(savedByteCount) bytes, recomputed \(recomputedByteCount) bytes, "
        + "\(addedFlops) operations added",
    ]
    for value in values {
      let verdict =
        value.recomputations == 0
        ? value.isCrossing ? "saved" : "local" : "recomputed \(value.recomputations)×"
      var line = "\(value.name): \(value.type), \(value.type.byteCount) bytes: \(verdict)"
      line += ", \(value.reason)"
      if value.recomputations > 0 {
        let microseconds = Int(min(value.addedNanoseconds / 1000, 1e18))
        line += "; \(value.addedFlops) operations, \(microseconds) µs added"
      }
      if value.location.isKnown { line += " (\(value.location))" }
      lines.append(line)
    }
    lines.append("bytes in use, step by step")
    let largest = max(peak?.bytes ?? 1, 1)
    for (number, point) in curve.enumerated() {
      let bar = String(repeating: "#", count: (point.bytes * 40 + largest - 1) / largest)
      let mark = point == peak ? " peak, most of it \(point.owner)" : ""
      lines.append("\(number) \(point.bytes) \(bar) \(point.step)\(mark)")
    }
    return lines.map { "// \($0)\n" }.joined()
  }

  /// A drawing of the bytes in use over the execution: with the plan, and where nothing is computed
  /// again; peaks and the largest value there are named.
  func svg(title: String) -> String {
    let (width, height, left, top) = (960.0, 360.0, 90.0, 40.0)
    let most = Double(max((curve + saveAllCurve).map(\.bytes).max() ?? 1, 1))
    func y(_ bytes: Int) -> Double { top + height * (1 - Double(bytes) / most) }
    func path(_ points: [Point]) -> String {
      let step = width / Double(max(points.count, 1))
      var text = "M \(left.fixed(1)) \((top + height).fixed(1))"
      for (number, point) in points.enumerated() {
        let x = left + Double(number) * step
        text += " L \(x.fixed(1)) \(y(point.bytes).fixed(1))"
        text += " L \((x + step).fixed(1)) \(y(point.bytes).fixed(1))"
      }
      return text + " L \((left + width).fixed(1)) \((top + height).fixed(1)) Z"
    }
    func label(_ points: [Point], _ name: String, _ color: String) -> String {
      guard let number = points.indices.max(by: { points[$0].bytes < points[$1].bytes }) else {
        return ""
      }
      let point = points[number]
      let x = left + width * (Double(number) + 0.5) / Double(points.count)
      let isRight = x > left + width / 2
      return """
          <circle cx="\(x.fixed(1))" cy="\(y(point.bytes).fixed(1))" r="3" fill="\(color)"/>
          <text x="\((x + (isRight ? -6 : 6)).fixed(1))" y="\((y(point.bytes) - 6).fixed(1))" \
        text-anchor="\(isRight ? "end" : "start")" fill="\(color)">\(name): peak \(point.bytes) \
        bytes at \(point.step.escaped), most of it \(point.owner.escaped)</text>

        """
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="1080" height="440" font-family="sans-serif" \
      font-size="11">
        <text x="\(left.fixed(1))" y="16" font-size="13">\(title.escaped)</text>
        <path d="\(path(saveAllCurve))" fill="#cccccc"/>
        <path d="\(path(curve))" fill="#4477aa" fill-opacity="0.7"/>
        <line x1="\(left)" y1="\(top + height)" x2="\(left + width)" y2="\(top + height)" \
      stroke="black"/>
        <line x1="\(left)" y1="\(top)" x2="\(left)" y2="\(top + height)" stroke="black"/>
        <text x="\(left - 6)" y="\(top + 4)" text-anchor="end">\(Int(most))</text>
        <text x="\(left - 6)" y="\(top + height)" text-anchor="end">0 bytes</text>
        <text x="\(left + width / 2)" y="\(top + height + 24)" text-anchor="middle">\
      steps in order of execution</text>
      \(label(saveAllCurve, "everything kept", "#777777"))\(label(curve, "planned", "#224466"))\
      </svg>

      """
  }
}

extension String {
  /// The text with what means something in XML replaced.
  fileprivate var escaped: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.append(character)
      }
    }
  }
}

extension Double {
  /// The number with so many digits behind the point.
  fileprivate func fixed(_ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return "\((self * scale).rounded() / scale)"
  }
}
