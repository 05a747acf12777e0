"""What the generated texts cite."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """How a work is named in the text, and its entry in the list of references."""

    short: str
    entry: str


REFERENCES = {
    "adebayo2018": Reference(
        "Adebayo et al. 2018",
        "Adebayo J, Gilmer J, Muelly M, Goodfellow I, Hardt M, Kim B. Sanity checks for saliency "
        "maps. NeurIPS, 2018. arXiv:1810.03292",
    ),
    "aitchison1982": Reference(
        "Aitchison 1982",
        "Aitchison J. The statistical analysis of compositional data. Journal of the Royal "
        "Statistical Society B 44(2):139-177, 1982. doi:10.1111/j.2517-6161.1982.tb01195.x",
    ),
    "bach2015": Reference(
        "Bach et al. 2015",
        "Bach S, Binder A, Montavon G, Klauschen F, Müller K-R, Samek W. On pixel-wise "
        "explanations for non-linear classifier decisions by layer-wise relevance propagation. "
        "PLOS ONE 10(7):e0130140, 2015. doi:10.1371/journal.pone.0130140",
    ),
    "bazelaire2004": Reference(
        "de Bazelaire et al. 2004",
        "de Bazelaire CMJ, Duhamel GD, Rofsky NM, Alsop DC. MR imaging relaxation times of "
        "abdominal and pelvic tissues measured in vivo at 3.0 T: preliminary results. Radiology "
        "230(3):652-659, 2004. doi:10.1148/radiol.2303021331",
    ),
    "cachier2000": Reference(
        "Cachier and Pennec 2000",
        "Cachier P, Pennec X. 3D non-rigid registration by gradient descent on a Gaussian-windowed "
        "similarity measure using convolutions. IEEE Workshop on Mathematical Methods in "
        "Biomedical Image Analysis (MMBIA), 182-189, 2000.",
    ),
    "cardoso2022": Reference(
        "Cardoso et al. 2022",
        "Cardoso MJ, Li W, Brown R, et al. MONAI: an open-source framework for deep learning in "
        "healthcare. 2022. arXiv:2211.02701",
    ),
    "chen2008": Reference(
        "Chen et al. 2008",
        "Chen M, Lu W, Chen Q, Ruchala KJ, Olivera GH. A simple fixed-point approach to invert a "
        "deformation field. Medical Physics 35(1):81-88, 2008. doi:10.1118/1.2816107",
    ),
    "chlebus2019": Reference(
        "Chlebus et al. 2019",
        "Chlebus G, Abolmaali N, Schenk A, Meine H. Relevance analysis of MRI sequences for "
        "automatic liver tumor segmentation. Medical Imaging with Deep Learning (MIDL), 2019. "
        "arXiv:1907.11773",
    ),
    "cicek2016": Reference(
        "Çiçek et al. 2016",
        "Çiçek Ö, Abdulkadir A, Lienkamp SS, Brox T, Ronneberger O. 3D U-Net: learning dense "
        "volumetric segmentation from sparse annotation. MICCAI, 2016. arXiv:1606.06650",
    ),
    "dice1945": Reference(
        "Dice 1945",
        "Dice LR. Measures of the amount of ecologic association between species. Ecology "
        "26(3):297-302, 1945. doi:10.2307/1932409",
    ),
    "efron1993": Reference(
        "Efron and Tibshirani 1993",
        "Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman & Hall, 1993. "
        "doi:10.1007/978-1-4899-4541-9",
    ),
    "friedman1937": Reference(
        "Friedman 1937",
        "Friedman M. The use of ranks to avoid the assumption of normality implicit in the "
        "analysis of variance. Journal of the American Statistical Association 32(200):675-701, "
        "1937. doi:10.1080/01621459.1937.10503522",
    ),
    "gach2008": Reference(
        "Gach et al. 2008",
        "Gach HM, Tanase C, Boada F. 2D & 3D Shepp-Logan phantom standards for MRI. International "
        "Conference on Systems Engineering (ICSEng), 521-526, 2008. doi:10.1109/ICSEng.2008.15",
    ),
    "holm1979": Reference(
        "Holm 1979",
        "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
        "Statistics 6(2):65-70, 1979.",
    ),
    "hotelling1931": Reference(
        "Hotelling 1931",
        "Hotelling H. The generalization of Student's ratio. Annals of Mathematical Statistics "
        "2(3):360-378, 1931. doi:10.1214/aoms/1177732979",
    ),
    "isensee2021": Reference(
        "Isensee et al. 2021",
        "Isensee F, Jaeger PF, Kohl SAA, Petersen J, Maier-Hein KH. nnU-Net: a self-configuring "
        "method for deep learning-based biomedical image segmentation. Nature Methods 18:203-211, "
        "2021. doi:10.1038/s41592-020-01008-z",
    ),
    "kendall1938": Reference(
        "Kendall 1938",
        "Kendall MG. A new measure of rank correlation. Biometrika 30(1-2):81-93, 1938. "
        "doi:10.1093/biomet/30.1-2.81",
    ),
    "kendall1939": Reference(
        "Kendall and Babington Smith 1939",
        "Kendall MG, Babington Smith B. The problem of m rankings. Annals of Mathematical "
        "Statistics 10(3):275-287, 1939. doi:10.1214/aoms/1177732186",
    ),
    "kokhlikyan2020": Reference(
        "Kokhlikyan et al. 2020",
        "Kokhlikyan N, Miglani V, Martin M, et al. Captum: a unified and generic model "
        "interpretability library for PyTorch. 2020. arXiv:2009.07896",
    ),
    "lapuschkin2019": Reference(
        "Lapuschkin et al. 2019",
        "Lapuschkin S, Wäldchen S, Binder A, Montavon G, Samek W, Müller KR. Unmasking Clever Hans "
        "predictors and assessing what machines really learn. Nature Communications 10:1096, 2019. "
        "doi:10.1038/s41467-019-08987-4",
    ),
    "ledoit2004": Reference(
        "Ledoit and Wolf 2004",
        "Ledoit O, Wolf M. A well-conditioned estimator for large-dimensional covariance matrices. "
        "Journal of Multivariate Analysis 88(2):365-411, 2004. doi:10.1016/S0047-259X(03)00096-4",
    ),
    "li1993": Reference(
        "Li and Lee 1993",
        "Li CH, Lee CK. Minimum cross entropy thresholding. Pattern Recognition 26(4):617-625, "
        "1993. doi:10.1016/0031-3203(93)90115-D",
    ),
    "liu1989": Reference(
        "Liu and Nocedal 1989",
        "Liu DC, Nocedal J. On the limited memory BFGS method for large scale optimization. "
        "Mathematical Programming 45:503-528, 1989. doi:10.1007/BF01589116",
    ),
    "loshchilov2019": Reference(
        "Loshchilov and Hutter 2019",
        "Loshchilov I, Hutter F. Decoupled weight decay regularization. ICLR, 2019. "
        "arXiv:1711.05101",
    ),
    "lowekamp2013": Reference(
        "Lowekamp et al. 2013",
        "Lowekamp BC, Chen DT, Ibáñez L, Blezek D. The design of SimpleITK. Frontiers in "
        "Neuroinformatics 7:45, 2013. doi:10.3389/fninf.2013.00045",
    ),
    "lundberg2017": Reference(
        "Lundberg and Lee 2017",
        "Lundberg SM, Lee S-I. A unified approach to interpreting model predictions. NeurIPS, "
        "2017. arXiv:1705.07874",
    ),
    "luxburg2007": Reference(
        "Luxburg 2007",
        "Luxburg U von. A tutorial on spectral clustering. Statistics and Computing 17:395-416, "
        "2007. doi:10.1007/s11222-007-9033-z",
    ),
    "mattes2003": Reference(
        "Mattes et al. 2003",
        "Mattes D, Haynor DR, Vesselle H, Lewellen TK, Eubank W. PET-CT image registration in the "
        "chest using free-form deformations. IEEE Transactions on Medical Imaging 22(1):120-128, "
        "2003. doi:10.1109/TMI.2003.809072",
    ),
    "milletari2016": Reference(
        "Milletari et al. 2016",
        "Milletari F, Navab N, Ahmadi S-A. V-Net: fully convolutional neural networks for "
        "volumetric medical image segmentation. 3DV, 2016. arXiv:1606.04797",
    ),
    "min2024": Reference(
        "Min et al. 2024",
        "Min T, Tibiletti M, Hockings P, et al. Measurement of liver function with dynamic "
        "gadoxetate-enhanced MRI: a validation study in healthy volunteers. Proceedings of the "
        "International Society for Magnetic Resonance in Medicine, Singapore, 2024.",
    ),
    "mitchell2022": Reference(
        "Mitchell et al. 2022",
        "Mitchell R, Cooper J, Frank E, Holmes G. Sampling permutations for Shapley value "
        "estimation. Journal of Machine Learning Research 23(43):1-46, 2022. arXiv:2104.12199",
    ),
    "molder2021": Reference(
        "Mölder et al. 2021",
        "Mölder F, Jablonski KP, Letcher B, et al. Sustainable data analysis with Snakemake. "
        "F1000Research 10:33, 2021. doi:10.12688/f1000research.29032.2",
    ),
    "montavon2019": Reference(
        "Montavon et al. 2019",
        "Montavon G, Binder A, Lapuschkin S, Samek W, Müller K-R. Layer-wise relevance "
        "propagation: an overview. In: Explainable AI, LNCS 11700, 193-209, 2019. "
        "doi:10.1007/978-3-030-28954-6_10",
    ),
    "myronenko2018": Reference(
        "Myronenko 2018",
        "Myronenko A. 3D MRI brain tumor segmentation using autoencoder regularization. BrainLes, "
        "2018. arXiv:1810.11654",
    ),
    "oktay2018": Reference(
        "Oktay et al. 2018",
        "Oktay O, Schlemper J, Le Folgoc L, et al. Attention U-Net: learning where to look for the "
        "pancreas. MIDL, 2018. arXiv:1804.03999",
    ),
    "paszke2019": Reference(
        "Paszke et al. 2019",
        "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance deep "
        "learning library. NeurIPS, 2019. arXiv:1912.01703",
    ),
    "pedregosa2011": Reference(
        "Pedregosa et al. 2011",
        "Pedregosa F, Varoquaux G, Gramfort A, et al. Scikit-learn: machine learning in Python. "
        "Journal of Machine Learning Research 12:2825-2830, 2011",
    ),
    "rueckert1999": Reference(
        "Rueckert et al. 1999",
        "Rueckert D, Sonoda LI, Hayes C, Hill DLG, Leach MO, Hawkes DJ. Nonrigid registration "
        "using free-form deformations: application to breast MR images. IEEE Transactions on "
        "Medical Imaging 18(8):712-721, 1999. doi:10.1109/42.796284",
    ),
    "samek2017": Reference(
        "Samek et al. 2017",
        "Samek W, Binder A, Montavon G, Lapuschkin S, Müller KR. Evaluating the visualization of "
        "what a deep neural network has learned. IEEE Transactions on Neural Networks and Learning "
        "Systems 28(11):2660-2673, 2017. doi:10.1109/TNNLS.2016.2599820",
    ),
    "seabold2010": Reference(
        "Seabold and Perktold 2010",
        "Seabold S, Perktold J. statsmodels: econometric and statistical modeling with Python. "
        "Python in Science Conference, 2010. doi:10.25080/Majora-92bf1922-011",
    ),
    "shapley1953": Reference(
        "Shapley 1953",
        "Shapley LS. A value for n-person games. In: Contributions to the Theory of Games II, "
        "307-317. Princeton University Press, 1953. doi:10.1515/9781400881970-018",
    ),
    "shrikumar2016": Reference(
        "Shrikumar et al. 2016",
        "Shrikumar A, Greenside P, Shcherbina A, Kundaje A. Not just a black box: learning "
        "important features through propagating activation differences. 2016. arXiv:1605.01713",
    ),
    "shrikumar2017": Reference(
        "Shrikumar et al. 2017",
        "Shrikumar A, Greenside P, Kundaje A. Learning important features through propagating "
        "activation differences. ICML, 2017. arXiv:1704.02685",
    ),
    "simonyan2014": Reference(
        "Simonyan et al. 2014",
        "Simonyan K, Vedaldi A, Zisserman A. Deep inside convolutional networks: visualising image "
        "classification models and saliency maps. ICLR workshop, 2014. arXiv:1312.6034",
    ),
    "smith2017": Reference(
        "Smith and Topin 2017",
        "Smith LN, Topin N. Super-convergence: very fast training of neural networks using large "
        "learning rates. 2017. arXiv:1708.07120",
    ),
    "spearman1904": Reference(
        "Spearman 1904",
        "Spearman C. The proof and measurement of association between two things. American Journal "
        "of Psychology 15(1):72-101, 1904. doi:10.2307/1412159",
    ),
    "springenberg2015": Reference(
        "Springenberg et al. 2015",
        "Springenberg JT, Dosovitskiy A, Brox T, Riedmiller M. Striving for simplicity: the all "
        "convolutional net. ICLR workshop, 2015. arXiv:1412.6806",
    ),
    "stanisz2005": Reference(
        "Stanisz et al. 2005",
        "Stanisz GJ, Odrobina EE, Pun J, et al. T1, T2 relaxation and magnetization transfer in "
        "tissue at 3T. Magnetic Resonance in Medicine 54(3):507-512, 2005. doi:10.1002/mrm.20605",
    ),
    "sundararajan2017": Reference(
        "Sundararajan et al. 2017",
        "Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML, 2017. "
        "arXiv:1703.01365",
    ),
    "tejani2024": Reference(
        "Tejani et al. 2024",
        "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical "
        "Imaging (CLAIM): 2024 update. Radiology: Artificial Intelligence 6(4):e240300, 2024. "
        "doi:10.1148/ryai.240300",
    ),
    "vinogradova2020": Reference(
        "Vinogradova et al. 2020",
        "Vinogradova K, Dibrov A, Myers G. Towards interpretable semantic segmentation via "
        "gradient-weighted class activation mapping. AAAI, 2020. arXiv:2002.11434",
    ),
    "virtanen2020": Reference(
        "Virtanen et al. 2020",
        "Virtanen P, Gommers R, Oliphant TE, et al. SciPy 1.0: fundamental algorithms for "
        "scientific computing in Python. Nature Methods 17:261-272, 2020. "
        "doi:10.1038/s41592-019-0686-2",
    ),
    "wang2004": Reference(
        "Wang et al. 2004",
        "Wang Z, Bovik AC, Sheikh HR, Simoncelli EP. Image quality assessment: from error "
        "visibility to structural similarity. IEEE Transactions on Image Processing 13(4):600-612, "
        "2004. doi:10.1109/TIP.2003.819861",
    ),
    "waterton2021": Reference(
        "Waterton 2021",
        "Waterton JC. Survey of water proton longitudinal relaxation in liver in vivo. Magnetic "
        "Resonance Materials in Physics, Biology and Medicine 34:779-789, 2021. "
        "doi:10.1007/s10334-021-00928-x",
    ),
    "wilcoxon1945": Reference(
        "Wilcoxon 1945",
        "Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bulletin 1(6):80-83, "
        "1945. doi:10.2307/3001968",
    ),
    "zeiler2014": Reference(
        "Zeiler and Fergus 2014",
        "Zeiler MD, Fergus R. Visualizing and understanding convolutional networks. ECCV, 2014. "
        "arXiv:1311.2901",
    ),
}


class Citations:
    """Cites works in a text, and knows afterwards which."""

    def __init__(self):
        self._cited: dict[str, Reference] = {}

    def cite(self, *keys: str) -> str:
        """Citation of one work or more, in brackets, in the order of their years."""
        chosen = {key: REFERENCES[key] for key in keys}
        self._cited |= chosen
        names = sorted((reference.short for reference in chosen.values()), key=lambda s: s[-4:])
        return f"({'; '.join(names)})"

    def entries(self) -> list[str]:
        """Entries of the list of references, in alphabetical order."""
        return [self._cited[key].entry for key in sorted(self._cited)]
