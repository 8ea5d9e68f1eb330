import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct ConditionTests {
  private func list(_ folder: TemporaryFolder) throws -> CohortList {
    for (place, (text, date)) in [
      ("T1 mprage", "20191231"), ("FLAIR", "20200101"), ("T2 tse", "20210615"),
    ].enumerated() {
      try SampleSeries(
        patientID: "P\(place)", study: "1.\(place)", series: "1.\(place).1", description: text,
        date: date, slices: 3 + place
      ).write(to: folder / "d/\(place)")
    }
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess)
    return try CohortList(folder / "c.zarr")
  }

  @Test func conditionsAreOfTheWholeOfAPartOrOfAnOrder() throws {
    let folder = TemporaryFolder()
    let list = try list(folder)
    func found(_ conditions: String...) throws -> Set<String> {
      Set(try list.filtered(by: conditions).entries.compactMap { $0.identity?.seriesDescription })
    }
    #expect(try found("description=flair") == ["FLAIR"])
    #expect(try found("description~t") == ["T1 mprage", "T2 tse"])
    #expect(try found("description!~t") == ["FLAIR"])
    #expect(try found("description!=FLAIR", "modality=mr") == ["T1 mprage", "T2 tse"])
    #expect(try found("date>=2020") == ["FLAIR", "T2 tse"])
    #expect(try found("date<=2020") == ["T1 mprage", "FLAIR"])
    #expect(try found("date>=2020-01-01", "date<=202106") == ["FLAIR", "T2 tse"])
    #expect(try found("date=2021-06-15") == ["T2 tse"])
    #expect(try found("slices>=4", "slices<=4") == ["FLAIR"])
    #expect(try found("patient=p2") == ["T2 tse"])
    #expect(try found("uid=1.1.1") == ["FLAIR"])
    #expect(try found() == ["T1 mprage", "FLAIR", "T2 tse"])
  }

  @Test(arguments: ["colour=red", "date", "date>=soon", "slices<=few", "=x", ""])
  func whatIsNoConditionIsSaidToBeNone(_ text: String) throws {
    let folder = TemporaryFolder()
    let list = try list(folder)
    #expect(throws: CohortError.condition(text)) { try list.filtered(by: [text]) }
  }
}
