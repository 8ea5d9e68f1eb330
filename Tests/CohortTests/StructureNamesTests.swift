import Cohort
import DICOM
import Testing

@Suite struct StructureNamesTests {
  private let names = StructureNames(
    Pseudonyms(key: [1]), given: ["Dr. Who's ROI": "target one"])

  private func name(_ label: String, _ meaning: String? = nil, _ modifier: String? = nil) -> String
  {
    let code = meaning.map {
      Structure.Code(scheme: "SCT", value: "1", meaning: $0, modifier: modifier)
    }
    return names.name(of: Structure.Name(number: 3, label: label, code: code)).name
  }

  @Test(arguments: [
    ("Liver", "Liver"), ("GTV_1", "GTV-1"), ("SpinalCord", "SpinalCord"), ("Lung L", "Lung-L"),
    ("Rt. Parotid Gland", "Rt-Parotid-Gland"), ("white matter", "white-matter"),
    ("Neoplasm, Primary", "Neoplasm-Primary"), ("A_Celiac", "A-Celiac"), ("HRCTV", "HRCTV"),
    ("pectoralis_major_left", "pectoralis-major-left"),
  ])
  func wordsOfAnatomyStand(_ label: String, _ expected: String) { #expect(name(label) == expected) }

  @Test(arguments: [
    "Maria Muster", "Liver Muster", "GTV 12345678", "GTV1950", "White", "12", "Lüng", "A. V.",
    "Horn", "PTV 50.40 Gy",
  ])
  func anythingElseGetsAKeyedName(_ label: String) {
    let (keyed, text) = names.name(of: Structure.Name(number: 1, label: label))
    #expect(keyed.hasPrefix("x") && keyed.count == 9 && text == label)
    #expect(name(label) == keyed)
    #expect(StructureNames(Pseudonyms(key: [2]), given: [:]).name(ofText: label).name != keyed)
  }

  @Test func theMeaningOfTheCodeComesSecond() {
    #expect(name("", "Kidney", "Left") == "Kidney-Left")
    #expect(name("Maria's kidney", "Kidney").hasPrefix("Kidney-"))
    #expect(name("Maria's kidney", "Kidney") != name("Berta's kidney", "Kidney"))
    #expect(name("", "Muster") == "structure-3" && name("") == "structure-3")
  }

  @Test func theRecipesNamesComeFirst() {
    #expect(name("dr. who's roi") == "target-one")
  }

  @Test func namesOfOtherScriptsStayApart() {
    #expect(StructureNames.sanitised("Größe (links)") == "GrouDFe-links")
    #expect(StructureNames.sanitised("肝") == "u809D" && StructureNames.sanitised("脾") == "u813E")
    #expect(StructureNames.sanitised("Й") == StructureNames.sanitised("\u{418}\u{306}"))
    #expect(StructureNames.sanitised("…") == "labels")
  }
}
