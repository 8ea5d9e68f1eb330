extension StructureNames {
  /// Words of the vocabulary that are usual surnames or initials too: they need another word beside
  /// them.
  static let surnames: Set<String> = [
    "a", "arch", "block", "bridge", "crown", "false", "feet", "first", "gray", "grey", "hard",
    "high", "horn", "low", "major", "minor", "plus", "proper", "second", "small", "space",
    "third", "true", "v", "water", "white",
  ]

  /// Words that name parts of bodies, what grows there, and what radiotherapy aims at.
  static let vocabulary: Set<String> = Set(
    """
    a abdomen abdominal abdominis abscess acetabulum adrenal air airway airways alveolar amygdala \
    amygdalae anal and aneurysm ankle annulus anorectum anterior anus aorta aortic appendage \
    appendix applicator arch area areola arm arteria arteries artery arytenoid ascending asymmetry \
    atrial atrium auditory autochthon avoid axilla axillary axis azygos background bag basal bed \
    biceps bifurcation bile bladder bleed block blood body bolus bone bones boost bowel bowelbag \
    brachial brachii brachiocephalic brain brainstem breast bridge bronchi bronchia bronchus bulb \
    buttock c calcaneus calcification calf callosum canal cancer canine capsule cardiac carina \
    carotid carpal cartilage cartilages cauda caudal caudate cava cavity cecum celiac cell cells \
    center central centre cerebellum cerebral cerebrum cervical cervix chest chestwall chiasm \
    chiasmatic circle cist clavicle clavicula clinical cm cn coccyx cochlea cochlear colon common \
    compartment concha condyle condyloid constrictor contour contralateral contrast coracobrachial \
    cord core cornea coronary corpus cortex costal couch cranial cricoid cricopharyngeus crown csf \
    ct ctv cuboid cuff cusp cyst deep deltoid dens descending diaphragm digastric dilated disc \
    discs disk distal dorsal dorsi dseg duct ductus duodenum dura edema effusion elbow emphysema \
    enhancing entorhinal erector esophagus ethmoid eval evaluation exclude expanded external \
    extremities eye eyeball eyes face facial false fat fdi feet femoral femoris femur fibula fifth \
    first fluid foot foramen forearm fourth frontal gallbladder ganglia genitals gland glands glnd \
    globe globus glottis gluteus gm gray grey gross growth gtv gyrus haemorrhage hand hard head \
    heart hematoma hemisphere hemorrhage hepatic hepatis high hilum hip hippocampal hippocampus \
    horn hrctv humerus hyoid hypopharynx hypothalamus icv ileum iliac iliopsoas ilium implant \
    incisive incisor infarct inferior infiltrate infraspinatus infundibulum inguinal inner insula \
    insular intermediate intermuscular internal intervertebral intestine intracerebral ips \
    ipsilateral irctv iris ischium itv ivc jaw jawbone jejunum jnt joint jugular junction kidney \
    kidneys knee l la label labels lacrimal lad larynx lateral latissimus left leg lens lentiform \
    lesion lesions lesser levator lig ligament ligamentum limb lingual lip lips liver ln lobe \
    lobes lobus low lower lt lumbar lumborum lumen lung lungs lv lymph lymphatic magnum major \
    malleus mandible mandibular margin mask mass masseter matter maxilla maxillary maximus medial \
    mediastinum medius medulla meninges meniscus mesenteric mesentery mesorectum metacarpal \
    metastases metastasis metatarsal midbrain middle minimus minor minus mm molar mouth mr mri \
    muco mucosa musc muscle muscles myo myocardium nasal nasopharynx neck necrosis necrotic \
    neoplasm neoplasms nerve nerves node nodes nodule nodules non normal nose nrv nucleus oar \
    oblique occipital odontoid oedema oesophagus of opt optic oral orbit organ organs oropharynx \
    os outer outflow ovary ovoid palate pallidum palpebrae pancreas pancreatic parametrium \
    paranasal parietal parotid patella pectoralis pellucidum pelvic pelvis penile penilebulb penis \
    pericardial pericardium perineum peripheral periphery peritoneum pet phalanges pharyngeal \
    pharynx pineal pinna pituitary planning plaque plate platysma pleura pleural plexus plus polyp \
    pons popliteal portal posterior postop premolar preop prevertebral primary proc process proper \
    prostate proximal prv psoas pterygoid ptv pubic pubis pul pulmonary pulp putamen quadratus \
    quadriceps r ra radius rectal rectum rectus recurrence region renal resection residual retina \
    rib ribs right ring risk roi root rt rv s sac sacral sacrum salivary sartorius scalene scalp \
    scapula scapulae scar sclera scrotum second secondary seg segment segmentation seminal septum \
    serratus shoulder sigmoid sinotubular sinus sinuses skeletal skin skull small soft space spc \
    sphenoid sphere spinae spinal spinalcord spine spleen splenic stem sterno sternocleidomastoid \
    sternum stomach strct structure styloid subarachnoid subclavian subcutaneous submandibular \
    subscapularis sulcus superior superioris supraclavicular supraspinatus surf surgical svc \
    symphysis t talus tandem target tarsal teeth temporal temporalis tendon teres tertiary \
    testicle testis th thalamus the thigh third thoracic thorax throat thymus thyrohyoid thyroid \
    tibia tissue tissues tm tongue tonsil tooth torso total trachea tract transverse \
    transversospinalis trapezius triceps trigone trochanter true trunc trunk tube tumor tumors \
    tumour tumours tympanic ulna upper ureter urethra urinary urogenital uterine uterus v vagina \
    vaginal valve vas vascular vb vein veins vena venous ventral ventricle ventricles ventricular \
    vermis vertebra vertebrae vertebral vesicle vesicles vessel vessels vitreous volume vomer \
    vulva wall water white whole with without wm wrist zone zygoma zygomatic
    """.split(separator: " ").map(String.init))
}
