import Foundation

/// A run's `metrics.jsonl`: one JSON object of numbers a line, each with its `step`.
public struct MetricsLog: Sendable, Equatable {
  /// One line.
  public struct Entry: Sendable, Equatable {
    /// The training step.
    public var step: Int
    /// The numbers of the line, the step left out.
    public var values: [String: Double]
  }

  /// The lines in the order of the file.
  public var entries: [Entry]

  /// Reads the file at `path`.
  ///
  /// Values that are not numbers are left out, nested objects are flattened with dots
  /// (`loss.global`). A line that is cut off, as the last one of a run that was killed, is left
  /// out and so is one without a step.
  ///
  /// - Throws: ``ReportError/unreadable(path:)``.
  public init(path: String) throws(ReportError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path)
    }
    entries = data.split(separator: UInt8(ascii: "\n")).compactMap { MetricsLog.entry(Data($0)) }
  }

  /// All names that occur, sorted.
  public var names: [String] { Set(entries.flatMap(\.values.keys)).sorted() }

  /// The values of one name, with their steps; values that are not finite are left out.
  public func series(_ name: String) -> [(step: Int, value: Double)] {
    entries.compactMap { entry in
      entry.values[name].flatMap { $0.isFinite ? (entry.step, $0) : nil }
    }
  }

  private static func entry(_ line: Data) -> Entry? {
    guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
      let step = object["step"] as? Int
    else { return nil }
    var values: [String: Double] = [:]
    flatten(object, under: "", into: &values)
    values["step"] = nil
    return Entry(step: step, values: values)
  }

  private static func flatten(
    _ object: [String: Any], under path: String, into values: inout [String: Double]
  ) {
    for (key, value) in object {
      if let nested = value as? [String: Any] {
        flatten(nested, under: path + key + ".", into: &values)
      } else if let number = value as? Double {
        values[path + key] = number
      }
    }
  }
}

/// Why a report could not be made.
public enum ReportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(path: String)

  /// One sentence: which file, what is wrong, what to do.
  public var description: String {
    switch self {
    case .unreadable(let path):
      "\(path): cannot be read; give the metrics.jsonl of a run folder."
    }
  }
}
