extension Stack {
  /// Sorts the images of each place in time.
  ///
  /// The temporal position comes first. Trigger and acquisition times follow where they tell all
  /// images of a place apart (those of labelled and control images, say, do not), then the instance
  /// number, and within a file the dimension indices, of which dcm2niix makes its order as well: where
  /// all are frames of one file, and time may be a faster dimension than another, they alone.
  static func inTimeOrder(_ levels: [[Member]]) -> [[Member]] {
    guard levels.contains(where: { $0.count > 1 }) else { return levels }
    let isIndexed = levels.contains { $0.contains { $0.plane.time.indices != nil } }
    let isOneFile = isIndexed && Set(levels.joined().map(\.header.path)).count == 1
    let byTrigger = !isIndexed && separates(levels) { $0.trigger }
    let byAcquisition = !isIndexed && separates(levels) { $0.acquisition }
    func key(_ member: Member) -> [Double] {
      let time = member.plane.time
      let clock = [byTrigger ? time.trigger ?? 0 : 0, byAcquisition ? time.acquisition ?? 0 : 0]
      let file = Double(member.header.instanceNumber ?? 0)
      return [isOneFile ? 0 : time.position ?? 0] + clock + [file] + (time.indices ?? [])
        + [time.position ?? 0, time.bValue ?? 0, Double(member.plane.index)]
    }
    return levels.map { level in
      level.map { (member: $0, key: key($0)) }.sorted { a, b in
        if a.key != b.key { return a.key.lexicographicallyPrecedes(b.key) }
        return name(a.member) < name(b.member)
      }.map(\.member)
    }
  }

  /// Whether a time is different for all images of one place and temporal position.
  private static func separates(
    _ levels: [[Member]], by time: (DICOMHeader.Time) -> Double?
  ) -> Bool {
    levels.allSatisfy { level in
      Dictionary(grouping: level) { $0.plane.time.position }.values.allSatisfy { group in
        let times = group.compactMap { time($0.plane.time) }
        return times.count == group.count && Set(times).count == group.count
      }
    }
  }

  private static func name(_ member: Member) -> (String, String) {
    (member.header.identity.sopInstanceUID ?? "", member.header.path)
  }
}
