extension StructureNames {
  /// Words of the vocabulary that are usual surnames too: they need another word beside them.
  static let surnames: Set<String> = ["gray", "grey", "high", "low", "small", "white"]

  /// Words that name parts of bodies, what grows there, and what radiotherapy aims at.
  static let vocabulary: Set<String> = Set(
    """
    abdomen abdominal abscess acetabulum adrenal airway amygdala anal aneurysm ankle anorectum \
    anterior anus aorta aortic appendix area arm arteria arteries artery ascending asymmetry atrial \
    atrium autochthon axilla axillary background basal bed biceps bile bladder bleed blood body \
    bolus bone bones bowel brachial brachiocephalic brain brainstem breast bronchi bronchus buttock \
    calcaneus calcification calf callosum canal cancer capsule cardiac carina carotid carpal cartilage \
    cauda caudal caudate cava cavity cecum cell cells central centre center cerebellum cerebral cerebrum \
    cervical cervix chest chiasm clavicle clavicula clinical coccyx cochlea cochlear colon common \
    contour contralateral contrast cord core cornea coronary corpus cortex costal couch cranial csf ct \
    ctv cuboid cyst deep descending diaphragm dilated disc disk distal dorsal duct ductus duodenum \
    dura edema effusion elbow emphysema enhancing entorhinal esophagus evaluation external eye eyeball \
    eyes face facial fat femoral femur fibula fluid foot foramen forearm frontal gallbladder ganglia \
    gland glands globe globus glottis gluteus grey gray gross gtv gyrus hand head heart hematoma \
    hemisphere hepatic hilum hip hippocampal hippocampus humerus hypothalamus ileum iliac iliopsoas \
    ilium implant inferior infarct inguinal inner insula intermediate internal intestine ips \
    ipsilateral iris ischium itv jaw jejunum joint jugular junction kidney kidneys knee l larynx \
    lateral left leg lens lesion lesions lesser ligament limb lip lips liver lobe lobes lower lt lumbar \
    lumen lung lungs lymph lymphatic magnum mandible margin mass matter maxilla medial mediastinum \
    medulla meninges meniscus mesentery mesorectum metastases metastasis middle midbrain minimus \
    maximus medius mouth mri mr mucosa muscle muscles myocardium nasal nasopharynx neck necrosis \
    necrotic nerve nerves node nodes nodule nodules non nose nucleus oar occipital oedema oesophagus \
    optic oral orbit organ organs oropharynx outer ovary pallidum palate pancreas pancreatic \
    paranasal parietal parotid patella pelvic pelvis penile penis pericardium periphery peripheral \
    peritoneum pet pharynx pituitary planning plaque pleura pleural plexus polyp pons portal posterior \
    primary process prostate proximal prv psoas ptv pubic pubis pulmonary putamen quadriceps r radius \
    rectal rectum recurrence region renal residual resection retina rib ribs right ring root rt \
    sacrum sacral scalp scapula sclera scrotum segment seminal septum shoulder sigmoid sinus skin skull \
    small soft sphenoid spinal spine spleen splenic sternum stem stomach structure subclavian \
    subcutaneous submandibular sulcus superior supraclavicular surgical talus target temporal tendon \
    testicle testis thalamus thigh thoracic thorax throat thymus thyroid tibia tissue tissues tongue \
    tonsil tooth teeth total trachea tract transverse trochanter trunk tube tumor tumors tumour tumours \
    ulna upper ureter urethra urinary uterine uterus vagina vaginal valve vas vascular vein veins vena \
    ventral ventricle ventricles ventricular vertebra vertebrae vertebral vesicle vesicles vessel vessels \
    vitreous volume vulva wall white whole wrist zone zygoma amygdalae bowelbag spinalcord gm wm cn \
    c t s th lv rv la ra myo and of the with without high low risk boost \
    label labels mask seg dseg segmentation roi
    """.split(separator: " ").map(String.init))
}
